"""The fetch graph: requests in the making, what each selects, and which wait for which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from router.plan.conditions import When, either
from router.plan.nodes import OnTypes, OperationKind, ResponsePath
from router.plan.positions import Position, Slot, join_paths
from router.plan.selections import Selection
from router.supergraph.graph import Edge, Node


@dataclass(slots=True, eq=False)
class Emission:
    """A field in a fetch.

    Attributes:
        edge: what the subgraph says of it; None for `__typename`.
        when: it is wanted, those conditions included under which there are such objects at all: others may be brought
            by what somebody else wants.
        below: what is selected of a composite value.
        types: runtime types of the objects that it is wanted of; None if it is wanted of all.
    """

    slot: Slot
    edge: Edge | None
    when: When
    below: "Selected | None"
    types: frozenset[str] | None = None

    def is_of(self, type_name: str) -> bool:
        return self.types is None or type_name in self.types


@dataclass(slots=True, eq=False)
class Selected:
    """The fields that a fetch selects of one value, by type condition (None for its own type) and slot.

    `node` is what the value is in the subgraph; None for what a fetch as a whole selects.
    """

    node: Node | None = None
    emissions: dict[tuple[str | None, Slot], Emission] = field(default_factory=dict[tuple[str | None, Slot], Emission])

    def add(
        self, condition: str | None, slot: Slot, edge: Edge | None, when: When, types: frozenset[str] | None = None
    ) -> Emission:
        """Select a field; if it is there already, it applies under either condition, to objects of either types."""
        key = (condition, slot)
        known = self.emissions.get(key)
        if known is None:
            below = None if slot.child is None or edge is None or edge.child is None else Selected(edge.child)
            known = self.emissions[key] = Emission(slot, edge, when, below, types)
        else:
            known.when = either(known.when, when)
            known.types = None if known.types is None or types is None else known.types | types
        return known


@dataclass(slots=True, eq=False)
class Described:
    """How a fetch describes objects of one runtime type.

    Attributes:
        keys: over the slots of the position.
        required: what `@requires` fields ask for.
    """

    typename: str
    keys: list[Selection] = field(default_factory=list[Selection])
    required: list[Selection] = field(default_factory=list[Selection])

    @property
    def selections(self) -> list[Selection]:
        return [*self.keys, *self.required]


@dataclass(slots=True, eq=False)
class Step:
    """A fetch in the making.

    Attributes:
        described: by runtime type; empty for a fetch of root fields.
        others: further positions whose objects are described and asked like those of `position`.
        beside: steps of the same subgraph that travel in the same request.
        hidden_slot: where the objects' `__typename` is, if that is the name of an interface object's interface.
        after: the steps whose results it needs.
        when: conditions of everything selected; None while nothing is.
        part: number of the part of the plan that it is made for; 0 is the first answer.
        serves: numbers of further parts whose fields it brings.
    """

    subgraph: str
    kind: OperationKind
    position: Position
    selected: Selected = field(default_factory=Selected)
    described: dict[str, Described] = field(default_factory=dict[str, Described])
    others: list[Position] = field(default_factory=list[Position])
    beside: "list[Step]" = field(default_factory=list["Step"])
    hidden_slot: Slot | None = None
    after: "set[Step]" = field(default_factory=set["Step"])
    when: When | None = None
    part: int = 0
    serves: set[int] = field(default_factory=set[int])

    def widen(self, when: When) -> None:
        self.when = when if self.when is None else either(self.when, when)

    def paths(self) -> tuple[ResponsePath, ...]:
        """Where its objects are."""
        found: dict[ResponsePath, list[ResponsePath]] = {}
        for position in (self.position, *self.others):
            path = position.path()
            keys = tuple(step for step in path if not isinstance(step, OnTypes))
            known = found.setdefault(keys, [])
            for index, other in enumerate(known):
                joined = join_paths(other, path)
                if joined is not None:
                    known[index] = joined
                    break
            else:
                known.append(path)
        return tuple(path for paths in found.values() for path in paths)

    def ancestors(self) -> "set[Step]":
        """All the steps it waits for."""
        found: set[Step] = set()
        waiting = list(self.after)
        while waiting:
            step = waiting.pop()
            if step not in found:
                found.add(step)
                waiting.extend(step.after)
        return found


class FetchGraph:
    """All the steps of a plan."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._places: dict[tuple[int, str, int], list[Step]] = {}

    def add(self, step: Step) -> Step:
        self.steps.append(step)
        self._places.setdefault((id(step.position), step.subgraph, step.part), []).append(step)
        return step

    def at(self, position: Position, subgraph: str, part: int) -> Iterator[Step]:
        """The steps of a part that visit a subgraph for the objects of a position, while the graph is built."""
        return iter(self._places.get((id(position), subgraph, part), ()))

    def ordered(self) -> list[Step]:
        """In topological order, otherwise as they were added."""
        places = {step: place for place, step in enumerate(self.steps)}
        found: dict[Step, None] = {}
        for step in self.steps:
            waiting = [step]
            while waiting:
                missing = [each for each in waiting[-1].after if each not in found]
                if missing:
                    waiting.append(min(missing, key=places.__getitem__))
                else:
                    found[waiting.pop()] = None
        return list(found)

    def replace(self, kept: Mapping[Step, Step]) -> None:
        """Drop steps; what waits for one of them waits for the one that is kept in its place."""
        self.steps = [step for step in self.steps if step not in kept]
        for step in self.steps:
            for old in [each for each in step.after if each in kept]:
                step.after.discard(old)
                step.after.add(kept[old])
            step.after.discard(step)
