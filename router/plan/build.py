"""Turn solutions into a fetch graph.

Solutions are made one selection at a time; here they meet. What two of them want of the same subgraph for the same
objects becomes one step, unless one of them has to wait for the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from router.plan.conditions import ALWAYS, When, both, either
from router.plan.describing import clash
from router.plan.fetch_graph import Described, FetchGraph, Selected, Step
from router.plan.nodes import OperationKind
from router.plan.positions import Position, Positions, Slot
from router.plan.reach import is_opaque
from router.plan.selections import TYPENAME, TYPENAME_FIELD, SelectedField, Selection
from router.plan.solution import Assignment, Entry, Solution, Visit
from router.supergraph.graph import Edge, Node
from router.supergraph.model import Kind


class Place(NamedTuple):
    """Where in a step's selections the objects of a position are; `node` is None for objects entered by a key."""

    step: Step
    selected: Selected
    node: Node | None


class Postponed(NamedTuple):
    """Fields that come later than the objects they belong to.

    Attributes:
        arrivals: where the steps that bring the objects select them.
        guard: conditions under which there are such objects.
        around: the solution for what comes with the objects; None at the root.
    """

    selection: Selection
    position: Position
    arrivals: Sequence[Place] = ()
    guard: When = ALWAYS
    around: Solution | None = None


@dataclass(slots=True)
class _Visits:
    """The visits of one solution while it is built."""

    solution: Solution
    position: Position
    places: list[Place | None]
    when: list[When | None]
    arrivals: Sequence[Place]
    guard: When


class Builder:
    """Builds one fetch graph."""

    def __init__(self, positions: Positions, kind: OperationKind, mutation_type: str | None = None) -> None:
        self._positions = positions
        self._kind = kind
        self._mutation_type = mutation_type
        self._part = 0
        self._postponed: list[Postponed] = []
        self.graph = FetchGraph()

    def build(
        self,
        solution: Solution,
        position: Position,
        arrivals: Sequence[Place] = (),
        guard: When = ALWAYS,
        barrier: frozenset[Step] = frozenset(),
    ) -> set[Step]:
        """Add the solution's steps.

        Args:
            solution: for the objects at `position`.
            position: where they are.
            arrivals: where the steps that bring them select them.
            guard: conditions under which there are such objects.
            barrier: steps that a new step at the root must wait for.

        Returns:
            The steps that give what is selected.
        """
        places: list[Place | None] = [*arrivals, *[None] * (len(solution.visits) - len(arrivals))]
        visits = _Visits(solution, position, places, _conditions(solution), arrivals, guard)
        self._tell_types(visits)
        for number in sorted(range(len(arrivals), len(places)), key=lambda each: solution.visits[each].level):
            self._visit(visits, number, barrier)
        given: set[Step] = set()
        for assignment in solution.assignments:
            given |= self._assign(visits, assignment, assignment.field.when)
        return given

    def build_later(self, postponed: "Postponed", solution: Solution) -> None:
        """Add the steps of what comes later than the steps there are: it joins none of them."""
        self._part = postponed.selection.part
        for step in self.build(solution, postponed.position, postponed.arrivals, postponed.guard):
            step.serves.add(self._part)

    def take_postponed(self) -> "list[Postponed]":
        """What has been met that comes later, since this was asked last."""
        taken, self._postponed = self._postponed, []
        return taken

    def _tell_types(self, visits: _Visits) -> None:
        """Have the runtime types fetched of objects that may be of several."""
        for place in visits.arrivals:
            if place.node is not None and place.node.info.kind is not Kind.OBJECT and not is_opaque(place.node):
                slot = self._positions.slot(visits.position, TYPENAME_FIELD, None)
                place.selected.add(None, slot, None, ALWAYS)

    def _visit(self, visits: _Visits, number: int, barrier: frozenset[Step]) -> None:
        visit = visits.solution.visits[number]
        applied = visits.when[number] or ALWAYS
        if not visits.arrivals:
            step = self._root_step(visits, visit.subgraph, barrier)
        else:
            after = self._reveal(visits, visit)
            for entry in visit.entries:
                for need in entry.needs:
                    after |= self._assign(visits, need, applied)
            step = self._step(visits.position, visit, after)
            step.after |= after
            self._describe(step, visit)
            node = visits.arrivals[0].node
            if step.described and node is not None and is_opaque(node):
                step.hidden_slot = self._hidden(visits)
        step.widen(both(visits.guard, applied) or visits.guard)
        visits.places[number] = Place(step, step.selected, None)

    def _root_step(self, visits: _Visits, subgraph: str, barrier: frozenset[Step]) -> Step:
        """Queries to a subgraph are one step; a mutation joins the one just before it, if nothing follows that."""
        position = visits.position
        if self._kind is not OperationKind.MUTATION:
            for step in self.graph.at(position, subgraph, self._part):
                return step
        elif self.graph.steps:
            last = self.graph.steps[-1]
            called = {slot for _, slot in last.selected.emissions}
            again = any(position.by_field.get(id(each.field)) in called for each in visits.solution.assignments)
            if last.position is position and last.subgraph == subgraph and not again:
                return last
        return self.graph.add(Step(subgraph, self._kind, position, after=set(barrier), part=self._part))

    def _reveal(self, visits: _Visits, visit: Visit) -> set[Step]:
        """Have the runtime types of the objects fetched with the objects."""
        place = visits.arrivals[0]
        if place.node is not None and is_opaque(place.node):
            slot = self._hidden(visits)
        else:
            slot = self._positions.slot(visits.position, TYPENAME_FIELD, None)
        place.selected.add(None, slot, None, ALWAYS)
        return {place.step}

    def _hidden(self, visits: _Visits) -> Slot:
        """The slot for what an interface object calls its `__typename`; the objects' own type is another value."""
        for slot in visits.position.slots:
            if slot.field is _HIDDEN_FIELD:
                return slot
        return self._positions.reserved(visits.position, _HIDDEN_FIELD)

    def _step(self, position: Position, visit: Visit, after: set[Step]) -> Step:
        """A step that is there already and can take the visit, or a new one."""
        waited = after.union(*(each.ancestors() for each in after))
        for step in self.graph.at(position, visit.subgraph, self._part):
            if step not in waited and self._compatible(step, visit):
                return step
        kind = OperationKind.MUTATION if self._enters_mutations(visit) else OperationKind.QUERY
        return self.graph.add(Step(visit.subgraph, kind, position, part=self._part))

    def _enters_mutations(self, visit: Visit) -> bool:
        """Whether the objects are of the root type of mutations, wherever they were met."""
        return any(each.selection is None and each.type_name == self._mutation_type for each in visit.entries)

    def _compatible(self, step: Step, visit: Visit) -> bool:
        if bool(step.described) != any(entry.selection is not None for entry in visit.entries):
            return False
        for entry in visit.entries:
            described = step.described.get(entry.type_name)
            if described is not None and entry.selection is not None:
                if entry.edge is not None and not _described_alike(described, entry.edge.typename, entry.selection):
                    return False
                if any(clash(each, entry.selection) for each in described.selections):
                    return False
        if _describes_hidden(step, visit):
            return False
        return not _is_of_interface_object(visit) or _bring_alike(step, visit)

    def _describe(self, step: Step, visit: Visit) -> None:
        for entry in sorted(visit.entries, key=_keys_first):
            if entry.selection is None:
                continue
            described = step.described.get(entry.type_name)
            if described is None:
                typename = entry.type_name if entry.edge is None else entry.edge.typename
                described = step.described[entry.type_name] = Described(typename)
            wanted = described.required if entry.edge is None else described.keys
            if entry.selection not in wanted:
                wanted.append(entry.selection)

    def _assign(self, visits: _Visits, assignment: Assignment, when: When) -> set[Step]:
        """Select a field where it was decided; the steps that give it and what is below it."""
        slot = self._positions.slot(visits.position, assignment.field, assignment.types)
        given: set[Step] = set()
        arrivals: list[Place] = []
        guard = both(visits.guard, when) or visits.guard
        for number, edge in assignment.targets:
            place = visits.places[number]
            if place is None:
                continue
            given.add(place.step)
            for condition in self._type_conditions(place, visits.solution.visits[number], assignment.types, edge):
                emission = place.selected.add(condition, slot, edge, guard, assignment.types)
                if emission.below is not None and edge is not None and edge.child is not None:
                    arrivals.append(Place(place.step, emission.below, edge.child))
        solution = assignment.solution
        if solution is not None and slot.child is not None:
            later = () if assignment.field.selection is None else assignment.field.selection.deferred
            given |= self._build_below(solution, slot.child, arrivals, guard, later)
        return given

    def _build_below(
        self,
        solution: Solution,
        position: Position,
        arrivals: list[Place],
        guard: When,
        later: Sequence[Selection],
    ) -> set[Step]:
        expected = sum(1 for visit in solution.visits if visit.arrival is not None)
        given: set[Step] = set()
        for start in range(0, len(arrivals), expected):
            together = arrivals[start : start + expected]
            given |= self.build(solution, position, together, guard)
            self._postponed += [Postponed(each, position, together, guard, solution) for each in later]
        return given

    def _type_conditions(
        self, place: Place, visit: Visit, types: frozenset[str] | None, edge: Edge | None
    ) -> Sequence[str | None]:
        """Under which type conditions a step selects a field."""
        if place.node is not None:
            if types is None or place.node.type_name in types or is_opaque(place.node):
                return (None,)
            return sorted(types)
        if edge is not None:
            return (edge.source.type_name,) if visit.entries and visit.entries[0].selection is not None else (None,)
        if not any(entry.selection for entry in visit.entries):
            return (None,)
        return sorted({entry.edge.typename for entry in visit.entries if entry.edge is not None})


_HIDDEN_FIELD = SelectedField(TYPENAME, TYPENAME, (), "interface object", None, ALWAYS, None)


def _describes_hidden(step: Step, visit: Visit) -> bool:
    """Whether objects of unknown type would be described together with what some type requires: they lack that."""
    types = {*step.described, *(each.type_name for each in visit.entries)}
    requiring = {type_name for type_name, described in step.described.items() if described.required}
    requiring |= {each.type_name for each in visit.entries if each.edge is None and each.selection is not None}
    hidden = types - step.position.possible
    return bool(hidden and requiring - hidden)


def _described_alike(described: Described, typename: str, key: Selection) -> bool:
    """Whether objects are known by that name and key already: others may not have come with the same key."""
    return described.typename == typename and (not described.keys or key in described.keys)


def _is_of_interface_object(visit: Visit) -> bool:
    return any(entry.edge is not None and entry.edge.target.is_interface_object for entry in visit.entries)


def _bring_alike(step: Step, visit: Visit) -> bool:
    """Whether all objects bring what is required of any: what an interface object is asked it gives for all of them."""
    required = {type_name: {id(each) for each in described.required} for type_name, described in step.described.items()}
    for entry in visit.entries:
        brought = required.setdefault(entry.type_name, set())
        if entry.edge is None:
            brought.add(id(entry.selection))
    return all(each == next(iter(required.values())) for each in required.values())


def _keys_first(entry: Entry) -> bool:
    return entry.edge is None


def _conditions(solution: Solution) -> list[When | None]:
    """Per visit, the conditions of everything that depends on it; None where nothing does."""
    found: list[When | None] = [None] * len(solution.visits)

    def widen(assignment: Assignment, when: When) -> None:
        for number, _ in assignment.targets:
            known = found[number]
            found[number] = when if known is None else either(known, when)

    for assignment in solution.assignments:
        widen(assignment, assignment.field.when)
    order = sorted(range(len(solution.visits)), key=lambda each: -solution.visits[each].level)
    for number in order:
        when = found[number]
        for entry in solution.visits[number].entries:
            for need in entry.needs:
                widen(need, ALWAYS if when is None else when)
    return found
