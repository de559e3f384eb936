"""Random graphs: a tree of types, split at random into subgraphs that together have all of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from router.compose import Subgraph
from tests.router.compose.graphs import LINK


@dataclass(frozen=True)
class Definition:
    """A definition of a subgraph: its head, and its fields, which may stand in any order."""

    head: str
    fields: tuple[str, ...]

    def shuffled(self, chance: random.Random) -> str:
        return f"{self.head} {{ {' '.join(chance.sample(self.fields, len(self.fields)))} }}"


Split = dict[str, list[Definition]]
"""Of each subgraph, its definitions."""


def split(seed: int) -> Split:
    """A tree of up to twelve entities, each of whose fields is given to a random one of two to six subgraphs."""
    chance = random.Random(seed)
    names = [f"s{at}" for at in range(chance.randint(2, 6))]
    found: Split = {name: [] for name in names}
    size = chance.randint(1, 12)
    parents = {at: chance.randrange(at) for at in range(1, size)}
    for at in range(size):
        fields = [f"v{at}x{number}: {chance.choice(('Int', 'String!', '[Float]'))}" for number in range(3)]
        fields += [f"child{child}: {_wrapped(chance, child)}" for child, parent in parents.items() if parent == at]
        _scatter(chance, found, at, fields)
    found[chance.choice(names)].append(Definition("type Query", ("root: T0", "again: [T0!]!")))
    return found


def _wrapped(chance: random.Random, child: int) -> str:
    return chance.choice((f"T{child}", f"T{child}!", f"[T{child}!]!"))


def _scatter(chance: random.Random, found: Split, at: int, fields: Sequence[str]) -> None:
    """Every subgraph can be entered at the type by a key; which fields it has besides is left to chance."""
    own: dict[str, list[str]] = {name: [] for name in found}
    for field in fields:
        own[chance.choice(list(found))].append(field)
    key = chance.choice(("id", "id code"))
    for name, mine in own.items():
        head = f'type T{at} @key(fields: "{key}")'
        found[name].append(Definition(head, ("id: ID!", "code: String! @shareable", *mine)))


def subgraphs(found: Split, seed: int) -> list[Subgraph]:
    """The subgraphs with everything whose order is free put in an order that `seed` decides."""
    chance = random.Random(seed)
    made = [
        Subgraph(name, f"http://{name}", "\n".join([LINK, *_definitions(chance, definitions)]))
        for name, definitions in found.items()
    ]
    return chance.sample(made, len(made))


def _definitions(chance: random.Random, definitions: Sequence[Definition]) -> list[str]:
    return [each.shuffled(chance) for each in chance.sample(definitions, len(definitions))]
