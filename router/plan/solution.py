"""What the planner decides for one selection: which visits of subgraphs it takes, and which visit gives which field.

A *position* is a place in the answer that holds objects. A *visit* is one time that a subgraph is asked about them:
the visits that brought the objects are its arrivals, any other enters the subgraph by a key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from router.plan.selections import SelectedField, Selection
from router.supergraph.graph import Edge, EntityEdge, Node

HOP = 1 << 24
"""Cost of a request: more than any number of levels and fields."""

LEVEL = 1 << 12
"""Cost of each step that a request has to wait for: more than any number of fields."""

LEAF = 1
"""Cost of a field."""

FAR_LEAF = 2 * LEAF
"""Cost of a field that its object's arrival does not bring: of two equal plans, the one that fetches more at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """Which visits give a field.

    Attributes:
        types: runtime types of the object for which it is so; None if one selection does for all of them.
        targets: visits by number, each with the edge it takes (None for `__typename`); several if only together
            they give all that is selected of a value.
        solution: for the value's own selection; its arrivals are the children of the targets' edges, in their order.
    """

    field: SelectedField
    types: frozenset[str] | None
    targets: tuple[tuple[int, Edge | None], ...]
    solution: "Solution | None" = None


class Entry(NamedTuple):
    """Why and how a visit describes objects to its subgraph.

    Attributes:
        type_name: runtime type of the objects.
        edge: the way in; None where the entry only adds a `@requires` to another one of the same type.
        selection: the key or `@requires` to send.
        needs: where its values come from.
    """

    type_name: str
    edge: EntityEdge | None
    selection: Selection | None
    needs: tuple[Assignment, ...]


class Visit(NamedTuple):
    """One visit of a subgraph.

    Attributes:
        arrival: number of the arrival, None if the subgraph is entered by a key.
        before: visits that must be done first, as a set of bits; complete, not only the direct ones.
        level: length of the longest chain of visits before it.
    """

    subgraph: str
    arrival: int | None
    before: int
    level: int
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """Visits and assignments for one selection, and what they cost.

    Attributes:
        arrivals: the nodes that the objects come from.
        peers: other nodes that could have brought them.
    """

    visits: tuple[Visit, ...]
    assignments: tuple[Assignment, ...]
    cost: int
    arrivals: tuple[Node, ...] = ()
    peers: tuple[Node, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether it takes no further request."""
        return self.cost < HOP

    @property
    def far_cost(self) -> int:
        """The cost if the objects themselves are not brought by an arrival."""
        return self.cost + self.cost % LEVEL


class State(NamedTuple):
    """A solution in the making; states share what they have in common."""

    visits: tuple[Visit, ...]
    chosen: "Chosen | None"
    cost: int

    def assign(self, assignment: Assignment) -> "State":
        return State(self.visits, Chosen(assignment, self.chosen), self.cost)

    def paying(self, cost: int) -> "State":
        return State(self.visits, self.chosen, self.cost + cost)

    def open(self, subgraph: str, before: int, entries: tuple[Entry, ...]) -> "State":
        """With a new visit, the last one."""
        level = 1 + max((visit.level for visit in members(self.visits, before)), default=-1)
        visit = Visit(subgraph, None, before, level, entries)
        return State((*self.visits, visit), self.chosen, self.cost + HOP + level * LEVEL)

    def extend(self, number: int, before: int, entries: tuple[Entry, ...]) -> "State":
        """With more to do in a visit; what came after it comes after what it now waits for."""
        bit = 1 << number
        visits = list(self.visits)
        own = visits[number]
        visits[number] = own._replace(entries=own.entries + entries, before=own.before | before)
        for other, visit in enumerate(visits):
            if visit.before & bit:
                visits[other] = visit._replace(before=visit.before | before)
        return State(_leveled(visits), self.chosen, self.cost)

    def closure(self, numbers: int) -> int:
        """The visits in that set and all before them."""
        for visit in members(self.visits, numbers):
            numbers |= visit.before
        return numbers

    def after(self, number: int) -> int:
        """The visit and all that wait for it."""
        bit = 1 << number
        found = bit
        for other, visit in enumerate(self.visits):
            if visit.before & bit:
                found |= 1 << other
        return found

    def assignments(self) -> tuple[Assignment, ...]:
        """In the order they were chosen."""
        found: list[Assignment] = []
        link = self.chosen
        while link is not None:
            found.append(link.assignment)
            link = link.previous
        found.reverse()
        return tuple(found)


class Chosen(NamedTuple):
    """Assignments as a linked list."""

    assignment: Assignment
    previous: "Chosen | None"


def members(visits: tuple[Visit, ...], numbers: int) -> Iterator[Visit]:
    """The visits whose bits are set."""
    return (visit for number, visit in enumerate(visits) if numbers >> number & 1)


def _leveled(visits: list[Visit]) -> tuple[Visit, ...]:
    """With levels recomputed: a visit has fewer before it than any that waits for it."""
    for number in sorted(range(len(visits)), key=lambda each: visits[each].before.bit_count()):
        visit = visits[number]
        level = 1 + max((each.level for each in members(tuple(visits), visit.before)), default=-1)
        if visit.arrival is None and level != visit.level:
            visits[number] = visit._replace(level=level)
    return tuple(visits)
