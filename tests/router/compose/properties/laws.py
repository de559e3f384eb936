"""What holds of every graph; the suite looks at some, and `make fuzz` at many more."""

import random

from router.compose import Composed, ErrorCode, Refused, Subgraph, compose
from router.compose.model import is_written
from router.compose.printer import print_schema
from router.compose.read import read
from tests.router.compose.properties.graphs import Definition, split, subgraphs


def order_does_not_matter(seed: int) -> None:
    """The same definitions make the same supergraph, or are refused for the same, in every order."""
    found = split(seed)
    if seed % 2:
        _spoil(found, seed)
    first, second = compose(subgraphs(found, seed)), compose(subgraphs(found, seed + 1))
    assert type(first) is type(second)
    if isinstance(first, Composed) and isinstance(second, Composed):
        assert first.supergraph_sdl == second.supergraph_sdl
        assert {str(hint) for hint in first.hints} == {str(hint) for hint in second.hints}
    if isinstance(first, Refused) and isinstance(second, Refused):
        assert {error.code for error in first.errors} == {error.code for error in second.errors}


def printing_and_reading_is_the_identity(seed: int) -> None:
    """A supergraph that is read and printed again says the same."""
    composed = compose(subgraphs(split(seed), seed))
    assert isinstance(composed, Composed), composed
    again = read(Subgraph("supergraph", "", composed.supergraph_sdl)).schema
    # as a subgraph it would get what Federation 1 defines, too
    again.types = {name: type_ for name, type_ in again.types.items() if is_written(type_)}
    again.directives = {name: each for name, each in again.directives.items() if is_written(each)}
    assert print_schema(again) == composed.supergraph_sdl


def a_split_tree_composes(seed: int) -> None:
    """Where every subgraph can be entered at every type, each query has an answer, and every field is there."""
    found = split(seed)
    composed = compose(subgraphs(found, seed))
    assert isinstance(composed, Composed), composed
    for definitions in found.values():
        for definition in definitions:
            for field in definition.fields:
                assert field.removesuffix(" @shareable") in composed.supergraph_sdl


def a_cut_tree_does_not(seed: int) -> None:
    """A subgraph that cannot be entered at a type has a field there that no query can have."""
    found = split(seed)
    at = next(name for name, definitions in found.items() if all(each.head != "type Query" for each in definitions))
    found[at].append(Definition("type Lost", ("id: ID!",)))
    head = f'{found[at][0].head.partition(" @key")[0]} @key(fields: "other")'
    fields = ("other: ID!", "lost: Lost")
    found[at] = [Definition(head, fields), *found[at][1:]]
    refused = compose(subgraphs(found, seed))
    assert isinstance(refused, Refused)
    assert {error.code for error in refused.errors} == {ErrorCode.SATISFIABILITY_ERROR}


def _spoil(found: dict[str, list[Definition]], seed: int) -> None:
    """Make something wrong."""
    chance = random.Random(seed)
    name = chance.choice(list(found))
    wrong = chance.choice(("missing: Nowhere", "v0x0: Boolean!", 'bad: Int @requires(fields: "nothing")'))
    found[name].append(Definition("extend type T0", (wrong,)))
