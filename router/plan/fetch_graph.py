"""The fetch graph: requests in the making, what each selects, and which wait for which."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from router.plan.conditions import When, either
from router.plan.nodes import OperationKind, ResponsePath
from router.plan.positions import Position, Slot, join_paths
from router.plan.selections import Selection
from router.supergraph.graph import Edge, Node


@dataclass(slots=True, eq=False)
class Emission:
    """A field in a fetch.

    Attributes:
        edge: what the subgraph says of it; None for `__typename`.
        below: what is selected of a composite value.
    """

    slot: Slot
    edge: Edge | None
    when: When
    below: "Selected | None"


@dataclass(slots=True, eq=False)
class Selected:
    """The fields that a fetch selects of one value, by type condition (None for its own type) and slot.

    `node` is what the value is in the subgraph; None for what a fetch as a whole selects.
    """

    node: Node | None = None
    emissions: dict[tuple[str | None, Slot], Emission] = field(default_factory=dict[tuple[str | None, Slot], Emission])

    def add(self, condition: str | None, slot: Slot, edge: Edge | None, when: When) -> Emission:
        """Select a field; if it is there already, it applies under either condition."""
        key = (condition, slot)
        known = self.emissions.get(key)
        if known is None:
            below = None if slot.child is None or edge is None or edge.child is None else Selected(edge.child)
            known = self.emissions[key] = Emission(slot, edge, when, below)
        else:
            known.when = either(known.when, when)
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

    def widen(self, when: When) -> None:
        self.when = when if self.when is None else either(self.when, when)

    def paths(self) -> tuple[ResponsePath, ...]:
        """Where its objects are."""
        found = [self.position.path()]
        for other in self.others:
            path = other.path()
            for index, known in enumerate(found):
                joined = join_paths(known, path)
                if joined is not None:
                    found[index] = joined
                    break
            else:
                found.append(path)
        return tuple(found)

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

    def add(self, step: Step) -> Step:
        self.steps.append(step)
        return step

    def at(self, position: Position, subgraph: str) -> Iterator[Step]:
        """The steps that visit a subgraph for the objects of a position."""
        return (step for step in self.steps if step.position is position and step.subgraph == subgraph)

    def ordered(self) -> list[Step]:
        """In topological order, otherwise as they were added."""
        found: dict[Step, None] = {}
        for step in self.steps:
            self._visit(step, found)
        return list(found)

    def _visit(self, step: Step, found: dict[Step, None]) -> None:
        if step not in found:
            for each in sorted(step.after, key=self.steps.index):
                self._visit(each, found)
            found[step] = None

    def replace(self, old: Step, new: Step) -> None:
        """Let everything that waits for `old` wait for `new`, and drop `old`."""
        self.steps.remove(old)
        for step in self.steps:
            if old in step.after:
                step.after.discard(old)
                step.after.add(new)
        new.after.discard(new)
