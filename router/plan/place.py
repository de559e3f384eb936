"""Place a field: every way, from a state of the solution, to have a field resolved.

Each way is a new state. Ways that are no better than another one are left out: where a visit that is planned already
gives the field at no further request, no visit is added for it.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from router.federation.type_ref import NonNull
from router.plan.describing import asks_alike, conflicts, is_entered_as_another
from router.plan.reach import Candidate, Reach, Solver, edge_of, is_opaque, read_as
from router.plan.selections import TYPENAME, TYPENAME_FIELD, SelectedField, Selection
from router.plan.solution import FAR_LEAF, HOP, LEAF, Assignment, Entry, Solution, State, Visit
from router.supergraph.graph import Edge, EntityEdge, Node
from router.supergraph.model import Kind

_MAX_TOGETHER = 3
"""Most visits that are tried together for one value before all of them are."""

_MANY = 1 << 30

_MAX_TRIED = 6
"""Of how many candidates such groups are made."""


class Limits(NamedTuple):
    """What a way must not do.

    Attributes:
        avoid: visits, as bits, that cannot give anything because they come later.
        pending: what is being looked for already; looking for it again would never end.
        held: arrivals, as bits, that give keys and requirements only.
        again: the objects come from the subgraph that is to be entered, and any key that it has will do.
        bold: objects of unknown type may be asked for what is wanted of some types only and must not be null: where it
            is lost for another one, all that came with it is lost as well.
    """

    avoid: int = 0
    pending: frozenset[object] = frozenset()
    held: int = 0
    again: bool = False
    bold: bool = False

    @property
    def closed(self) -> int:
        """The visits that cannot give the field."""
        return self.avoid | self.held

    def without(self, numbers: int) -> "Limits":
        return Limits(self.avoid | numbers, self.pending, self.held)

    def seeking(self, what: object) -> "Limits":
        """Those of looking for a key or a requirement."""
        return Limits(self.avoid, self.pending | {what})


class Placed(NamedTuple):
    """A state in which a field is resolved, and how."""

    state: State
    assignment: Assignment


class Way(NamedTuple):
    """A candidate that gives all of a value, and the visit that has it already, if any."""

    solution: Solution
    visit: int | None
    candidate: Candidate


class Gathered(NamedTuple):
    """A state in which the values to send are known, where they come from, and the visits (bits) that bring them."""

    state: State
    needs: tuple[Assignment, ...]
    before: int


class Placer:
    """Places fields of the objects at one position."""

    def __init__(self, solver: Solver, reach: Reach, arrivals: tuple[Node, ...], type_name: str) -> None:
        self._solver = solver
        self._graph = solver.graph
        self._reach = reach
        self._arrivals = arrivals
        self._hidden = type_name if len(arrivals) == 1 and is_opaque(arrivals[0]) else None
        self._together = type_name not in {self._graph.supergraph.roots.get(each) for each in _SIDE_EFFECTS}

    def place(self, state: State, type_name: str, field: SelectedField, limits: Limits) -> Iterator[Placed]:
        """Every way to have the field for objects of that runtime type."""
        if field.name == TYPENAME:
            yield from self._place_typename(state, type_name, field, limits)
        elif field.selection is None:
            yield from self._place_leaf(state, type_name, field, limits)
        else:
            yield from self._place_composite(state, type_name, field, limits)

    def _place_typename(self, state: State, type_name: str, field: SelectedField, limits: Limits) -> Iterator[Placed]:
        for number, visit in enumerate(state.visits):
            if not limits.avoid >> number & 1 and self._reveals(visit, type_name):
                yield Placed(state, Assignment(field, frozenset({type_name}), ((number, None),)))
                return
        if self._hidden is None:
            return
        for entry in self._graph.entries(self._hidden):
            if not is_opaque(entry.target):
                for opened, number in self._enter(state, self._hidden, entry.target, None, limits):
                    yield Placed(opened, Assignment(field, frozenset({type_name}), ((number, None),)))

    def _reveals(self, visit: Visit, type_name: str) -> bool:
        """Whether the visit can tell the runtime type of such objects."""
        if visit.arrival is not None:
            node = self._arrivals[visit.arrival]
            return not is_opaque(node) and (type_name == node.type_name or type_name in node.possible)
        hidden = self._hidden
        if hidden is not None:
            return any(
                entry.type_name == hidden and entry.edge is not None and not is_opaque(entry.edge.target)
                for entry in visit.entries
            )
        return False

    def _nodes(self, visit: Visit, type_name: str) -> Iterator[Node]:
        """The nodes from which the visit reads fields of objects of that type."""
        if visit.arrival is not None:
            node = read_as(self._arrivals[visit.arrival], type_name, self._graph)
            if node is not None:
                yield node
            return
        for entry in visit.entries:
            if entry.edge is not None:
                target = entry.edge.target
                if entry.type_name == type_name:
                    yield target
                elif entry.type_name == self._hidden:
                    node = read_as(target, type_name, self._graph)
                    if node is not None:
                        yield node

    def _present(self, state: State, type_name: str, field: str, limits: Limits) -> Iterator[tuple[int, Edge]]:
        """The visits, first ones first, that have the field without being sent more."""
        order = range(len(state.visits))
        if len(order) > 1:
            order = sorted(order, key=lambda number: state.visits[number].level)
        for number in order:
            if not limits.closed >> number & 1:
                for node in self._nodes(state.visits[number], type_name):
                    edge = edge_of(node, field)
                    if edge is not None and edge.is_free and self._may_take(edge, type_name, limits):
                        yield number, edge
                        break

    def _may_take(self, edge: Edge, type_name: str, limits: Limits) -> bool:
        """Whether an edge may be taken for objects of one type, which may lose others that come with them."""
        node = edge.source
        if limits.bold or limits.pending or type_name == node.type_name or not is_opaque(node):
            return True
        return not isinstance(edge.type, NonNull) or self._graph.is_key_field(node, edge.field.name)

    def _place_leaf(self, state: State, type_name: str, field: SelectedField, limits: Limits) -> Iterator[Placed]:
        types = frozenset({type_name})
        for number, edge in self._present(state, type_name, field.name, limits):
            cost = LEAF if state.visits[number].arrival is not None else FAR_LEAF
            yield Placed(state.paying(cost), Assignment(field, types, ((number, edge),)))
            return
        for edge in self._distant(type_name, field):
            for opened, number in self._visit(state, type_name, edge, limits):
                yield Placed(opened.paying(FAR_LEAF), Assignment(field, types, ((number, edge),)))

    def _distant(self, type_name: str, field: SelectedField) -> Iterator[Edge]:
        """The edges that take another visit: those of other subgraphs, and those that require something."""
        seen: set[Node] = set()
        for _, edge in self._reach.arrival_edges(type_name, field.name):
            if not edge.is_free:
                seen.add(self._graph.node(edge.source.subgraph, edge.source.type_name))
                if field.knows(edge.contexts):
                    yield edge
        for node in self._graph.resolvers(type_name, field.name):
            edge = edge_of(node, field.name)
            if edge is not None and node not in seen and field.knows(edge.contexts):
                yield edge

    def _place_composite(self, state: State, type_name: str, field: SelectedField, limits: Limits) -> Iterator[Placed]:
        cheapest: int | None = None
        for way in self._alone(state, type_name, field, limits):
            cheapest = way.solution.cost if cheapest is None else min(cheapest, way.solution.cost)
            number, edge = way.visit, way.candidate.edge
            visits = self._visit(state, type_name, edge, limits) if number is None else ((state, number),)
            for opened, visit in visits:
                assignment = Assignment(field, frozenset({type_name}), ((visit, edge),), way.solution)
                yield Placed(opened.paying(_cost_below(opened.visits[visit], way.solution)), assignment)
            if number is not None and way.solution.is_local:
                return
        if cheapest is None or cheapest >= HOP:
            yield from self._place_together(state, type_name, field, cheapest, limits)

    def _alone(self, state: State, type_name: str, field: SelectedField, limits: Limits) -> list["Way"]:
        """The candidates that give all of the value, cheapest first."""
        by_source: dict[Node, int] = {}
        for number, edge in self._present(state, type_name, field.name, limits):
            by_source.setdefault(edge.source, number)
        candidates: list[tuple[int | None, Candidate]] = []
        for each in self._reach.candidates(type_name, field):
            number = each.arrival if each.edge.is_free and self._may_take(each.edge, type_name, limits) else None
            if number is None or limits.avoid >> number & 1:
                number = by_source.get(each.edge.source)
            if number is None or not limits.held >> number & 1:
                candidates.append((number, each))
            elif (entered := self._entered(each)) is not None:
                candidates.append((None, entered))
        candidates.sort(key=_presence)
        ways: list[Way] = []
        best: int | None = None
        for number, each in candidates:
            if best is None or (self._reach.floor(field, each) < best and self._affords(field)):
                solution = self._reach.solution(field, each)
                if solution is not None and (best is None or solution.cost < best):
                    ways.append(Way(solution, number, each))
                    best = solution.cost if number is not None else best
        ways.sort(key=_price)
        return ways

    def _entered(self, candidate: Candidate) -> Candidate | None:
        """The candidate's field where the arrival's subgraph is entered once more; None if it has it there only."""
        source, child = candidate.edge.source, candidate.child
        edge = edge_of(self._graph.node(source.subgraph, source.type_name), candidate.edge.field.name)
        if edge is None or edge.child is None or not edge.is_free:
            return None
        entered = edge.child.narrowed(child.possible) if child.info.kind is Kind.UNION else edge.child
        return Candidate(None, edge, entered, candidate.peers)

    def _affords(self, field: SelectedField) -> bool:
        """Whether the budget allows to solve once more what lies below the field."""
        return field.selection is None or self._solver.spend(len(field.selection.fields))

    def _place_together(
        self, state: State, type_name: str, field: SelectedField, single: int | None, limits: Limits
    ) -> Iterator[Placed]:
        """Ask several subgraphs for the same value, each for a part of it, where `single` ones cost more."""
        selection = field.selection
        candidates = self._reach.candidates(type_name, field)
        if selection is None or not self._together or limits.held or not self._may_meet(selection, candidates, single):
            return
        for group in self._groups(selection, candidates, complete=single is None):
            if single is not None and not self._affords(field):
                return
            solution = self._solver.solve(selection, tuple(each.child for each in group))
            if solution is None or (single is not None and solution.cost >= single):
                continue
            for opened, numbers in self._visit_all(state, type_name, group, limits, ()):
                targets = tuple(zip(numbers, (each.edge for each in group), strict=True))
                assignment = Assignment(field, frozenset({type_name}), targets, solution)
                yield Placed(opened.paying(LEAF * len(group) + solution.cost), assignment)

    def _may_meet(self, selection: Selection, candidates: Sequence[Candidate], single: int | None) -> bool:
        """Whether several may be asked for parts of one value: each then brings an object, and the objects are merged.

        Where they are of several types, all must know all of these, or one might bring null for what the other knows;
        what is selected of all types must come from one; and there must be no `single` way.
        """
        children = [each.child for each in candidates]
        if all(each.info.kind is Kind.OBJECT for each in children):
            return True
        if single is not None or any(map(is_opaque, children)) or len({each.possible for each in children}) != 1:
            return False
        common = [each.name for each in selection.fields if each.on is None and each.name != TYPENAME]
        return all(any(self._leads_to(child, name) for child in children) for name in common)

    def _leads_to(self, node: Node, field: str) -> bool:
        """Whether objects of all types that come from a node have a field there, or can be taken to it."""
        reach = Reach(self._solver, (node,), ())
        return all(
            reach.arrival_edges(type_name, field)
            or any(each.subgraph in reach.reachable(type_name) for each in self._graph.resolvers(type_name, field))
            for type_name in node.possible
        )

    def _groups(
        self, selection: Selection, candidates: Sequence[Candidate], *, complete: bool
    ) -> Iterator[Sequence[Candidate]]:
        """Candidates to try together: small groups of the first ones, and as few as do if there must be an answer."""
        for size in range(2, _MAX_TOGETHER + 1):
            yield from combinations(candidates[:_MAX_TRIED], size)
        if complete and len(candidates) > _MAX_TOGETHER:
            yield self._needed(selection, candidates)

    def _needed(self, selection: Selection, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """The candidates without those that the others can do without, at no further request."""
        known = self._solver.solve(selection, tuple(each.child for each in candidates))
        for each in reversed(candidates):
            fewer = [other for other in candidates if other is not each]
            solution = self._solver.solve(selection, tuple(other.child for other in fewer))
            if known is not None and solution is not None and solution.cost < known.cost + HOP:
                candidates, known = fewer, solution
        return candidates

    def _visit_all(
        self, state: State, type_name: str, group: Sequence[Candidate], limits: Limits, numbers: tuple[int, ...]
    ) -> Iterator[tuple[State, tuple[int, ...]]]:
        if not group:
            yield state, numbers
            return
        edge = group[0].edge
        present = [
            number
            for number, found in self._present(state, type_name, edge.field.name, limits)
            if found.source is edge.source or number == group[0].arrival
        ]
        ways = [(state, present[0])] if present else self._visit(state, type_name, edge, limits)
        for opened, number in ways:
            yield from self._visit_all(opened, type_name, group[1:], limits, (*numbers, number))

    def _visit(self, state: State, type_name: str, edge: Edge, limits: Limits) -> Iterator[tuple[State, int]]:
        """Every way to have a visit that can take the edge for objects of that type."""
        target = self._graph.node(edge.source.subgraph, edge.source.type_name)
        if edge.is_free:
            for number in self._joinable(state, type_name, target, limits):
                yield from self._enter(state, type_name, target, number, limits)
                return
            yield from self._enter(state, type_name, target, None, limits)
            return
        what = (type_name, edge.source.subgraph, edge.field.name)
        if what in limits.pending:
            return
        required = self._required(target.type_name, edge)
        for gathered in self._gather(state, type_name, required, limits.seeking(what)):
            entry = Entry(type_name, None, required, gathered.needs)
            yield from self._reenter(gathered, type_name, target, entry, limits)

    def _required(self, type_name: str, edge: Edge) -> Selection:
        if edge.requires is None:
            return Selection(type_name, self._graph.supergraph.possible_types[type_name])
        return self._solver.field_sets.of(type_name, edge.requires)

    def _joinable(self, state: State, type_name: str, target: Node, limits: Limits) -> Iterator[int]:
        """Visits of the subgraph by keys that could describe further types of objects."""
        if len(self._arrivals) == 1 and self._arrivals[0].info.kind is not Kind.OBJECT:
            for number, visit in enumerate(state.visits):
                is_open = visit.arrival is None and not limits.avoid >> number & 1
                if is_open and visit.subgraph == target.subgraph:
                    if is_entered_as_another(visit, type_name, target) or not asks_alike(
                        visit, type_name, target, None
                    ):
                        continue
                    yield number

    def _reenter(
        self, gathered: Gathered, type_name: str, target: Node, entry: Entry, limits: Limits
    ) -> Iterator[tuple[State, int]]:
        """Visit the subgraph after what the field requires is known."""
        again = limits._replace(again=any(each.subgraph == target.subgraph for each in self._arrivals))
        state, before = gathered.state, gathered.state.closure(gathered.before)
        for number, visit in enumerate(state.visits):
            if visit.arrival is not None or visit.subgraph != target.subgraph:
                continue
            if (limits.avoid | before) >> number & 1 or conflicts(visit, entry):
                continue
            if is_entered_as_another(visit, type_name, target) or self._is_entered_hidden(visit, type_name):
                continue
            if not asks_alike(visit, type_name, target, entry.selection):
                continue
            if any(each.type_name == type_name and each.edge is not None for each in visit.entries):
                yield state.extend(number, before, (entry,)), number
                return
            for entered, _ in self._enter(state, type_name, target, number, again):
                yield entered.extend(number, before, (entry,)), number
            return
        for entered, number in self._enter(state, type_name, target, None, again):
            yield entered.extend(number, before, (entry,)), number

    def _is_entered_hidden(self, visit: Visit, type_name: str) -> bool:
        """Whether the visit describes objects whose type it is to tell: it is not sent what their type requires."""
        hidden = self._hidden
        return type_name != hidden and any(each.type_name == hidden and each.edge is not None for each in visit.entries)

    def _enter(
        self, state: State, type_name: str, target: Node, number: int | None, limits: Limits
    ) -> Iterator[tuple[State, int]]:
        """Have objects of that type described to a subgraph: in visit `number`, or in a new one."""
        what = (type_name, target)
        if what in limits.pending:
            return
        edges = [edge for edge in self._graph.entries(type_name) if edge.target is target]
        if limits.again and not edges:
            edges = self._graph.ways_back(target)
        limits = limits.seeking(what)
        if number is not None:
            limits = limits.without(state.after(number))
        cheapest: int | None = None
        for edge in edges:
            for gathered in self._gather_key(state, type_name, edge, limits):
                opened = gathered.state
                if cheapest is not None and opened.cost >= cheapest:
                    continue
                cheapest = opened.cost
                key = None if edge.key is None else self._solver.field_sets.of(target.type_name, edge.key)
                entry = Entry(type_name, edge, key, gathered.needs)
                before = opened.closure(gathered.before)
                if number is None:
                    yield opened.open(target.subgraph, before, (entry,)), len(opened.visits)
                else:
                    yield opened.extend(number, before, (entry,)), number

    def _gather_key(self, state: State, type_name: str, edge: EntityEdge, limits: Limits) -> Iterator[Gathered]:
        """Every way to know the key, and the runtime type where only some types are meant."""
        fields: list[SelectedField] = []
        if self._hidden is not None and type_name != self._hidden:
            fields.append(TYPENAME_FIELD)
        if edge.key is not None:
            fields += self._solver.field_sets.of(edge.target.type_name, edge.key).fields
        elif self._arrivals:
            yield Gathered(state, (), (1 << len(self._arrivals)) - 1)
            return
        yield from self._gather_fields(Gathered(state, (), 0), type_name, fields, limits)

    def _gather(self, state: State, type_name: str, selection: Selection, limits: Limits) -> Iterator[Gathered]:
        """Every way to know all fields of the selection."""
        fields = [each for each in selection.fields if each.on is None or type_name in each.on]
        yield from self._gather_fields(Gathered(state, (), 0), type_name, fields, limits)

    def _gather_fields(
        self, gathered: Gathered, type_name: str, fields: Sequence[SelectedField], limits: Limits
    ) -> Iterator[Gathered]:
        if not fields:
            yield gathered
            return
        for placed in self.place(gathered.state, type_name, fields[0], limits):
            self._solver.attempt()
            before = gathered.before
            for number, _ in placed.assignment.targets:
                before |= 1 << number
            known = Gathered(placed.state, (*gathered.needs, placed.assignment), before)
            yield from self._gather_fields(known, type_name, fields[1:], limits)


_SIDE_EFFECTS = ("mutation", "subscription")


def _presence(way: tuple[int | None, Candidate]) -> int:
    """Visits that are there come first, in their order."""
    number, _ = way
    return _MANY if number is None else number


def _price(way: Way) -> int:
    return way.solution.cost + (0 if way.visit is not None else HOP)


def _cost_below(visit: Visit, solution: Solution | None) -> int:
    if visit.arrival is not None:
        return LEAF + (0 if solution is None else solution.cost)
    return FAR_LEAF + (0 if solution is None else solution.far_cost)
