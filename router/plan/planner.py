"""The whole story of planning: normalise, walk and choose, build the fetch graph, write the plan."""

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter

from graphql import DocumentNode

from router.plan.build import Builder
from router.plan.defer import Inseparable, build_deferred, describe_parts
from router.plan.emit import Emitter
from router.plan.errors import Unresolvable
from router.plan.fetch_graph import FetchGraph, Step
from router.plan.field_sets import FieldSets
from router.plan.nodes import OperationKind, QueryPlan
from router.plan.normalize import Deferral, NormalizedOperation, normalize
from router.plan.normalize.introspection import INTROSPECTION
from router.plan.passes import PASSES
from router.plan.positions import Positions
from router.plan.project import Projection, denied_places
from router.plan.selections import SelectedField, Selection
from router.plan.solution import Solution
from router.plan.walk import Walker
from router.plan.write import write_fetches
from router.supergraph.access import Denied
from router.supergraph.graph import QueryGraph
from router.supergraph.model import Supergraph

_WORK = 1000
"""Choices weighed for one operation at most; a solution is there long before in all that are no riddle."""

_GRAPHS = 64
"""Query graphs that are kept, one for each set of labels; there may be as many sets as labels combine."""


class Planner:
    """Plans the operations of one supergraph; it keeps what all of them share."""

    def __init__(self, supergraph: Supergraph, *, work: int = _WORK, seconds: float | None = None) -> None:
        """Args: `work` and `seconds` bound the search for one plan; None leaves the time to the work."""
        self._supergraph = supergraph
        self._graphs: dict[frozenset[str], QueryGraph] = {}
        self._field_sets = FieldSets(supergraph)
        self._projection = Projection(supergraph)
        self._work = work
        self._seconds = seconds

    def plan(
        self,
        document: DocumentNode,
        operation_name: str | None,
        labels: frozenset[str] = frozenset(),
        deferring: frozenset[str] | None = None,
        denied: Denied | None = None,
    ) -> QueryPlan:
        """Plan one operation of a valid document.

        Args:
            document: valid against the API schema.
            operation_name: which of its operations; None if it has only one.
            labels: the labels of `@override` that hold for the request.
            deferring: the variables of `@defer(if:)` that are true; None if everything is to come in one answer.
            denied: what the caller may not see; None if nothing.

        Raises:
            PlanningError: there is no such operation, or it cannot be resolved.
        """
        graph = self._graph(labels)
        deferral = None if deferring is None else Deferral(deferring)
        while deferral is not None:
            try:
                return self._plan(normalize(self._supergraph, document, operation_name, deferral, denied), graph)
            except Inseparable as failure:
                deferral = deferral.without(failure.usages)
            except Unresolvable:
                deferral = None  # if this is not the reason, the next plan will tell
        return self._plan(normalize(self._supergraph, document, operation_name, denied=denied), graph)

    def _plan(self, operation: NormalizedOperation, graph: QueryGraph) -> QueryPlan:
        positions = Positions(operation.selection)
        steps = self._fetch_graph(operation, positions, graph)
        fetches = write_fetches(steps, positions, Emitter(operation.definition))
        fragments, parts = describe_parts(operation, positions, steps, fetches) if operation.parts else ((), ())
        return QueryPlan(
            kind=operation.kind,
            root_type=operation.selection.type_name,
            fetches=fetches[: len(fetches) - sum(len(each.fetches) for each in parts)],
            projection=self._projection.fields(operation.selection, positions.root),
            introspection=operation.introspection,
            inaccessible_enum_values=self._supergraph.inaccessible_enum_values or None,
            deferred=parts,
            deferred_selections=self._projection.deferred(operation.selection, positions.root),
            fragments=fragments,
            denied=tuple(denied_places(operation.selection)),
        )

    def _graph(self, labels: frozenset[str]) -> QueryGraph:
        graph = self._graphs.pop(labels, None)
        if graph is None:
            graph = QueryGraph(self._supergraph, labels)
            if len(self._graphs) >= _GRAPHS:
                del self._graphs[next(iter(self._graphs))]
        self._graphs[labels] = graph  # the last one to go
        return graph

    def _fetch_graph(self, operation: NormalizedOperation, positions: Positions, graph: QueryGraph) -> FetchGraph:
        walker = Walker(graph, self._field_sets, self._work, self._seconds)
        builder = Builder(positions, operation.kind, self._supergraph.roots.get("mutation"))
        barrier = frozenset[Step]()
        for selection in _in_turn(operation, positions):
            solution = _solved(walker.solve(selection, ()), selection)
            known = len(builder.graph.steps)
            builder.build(solution, positions.root, barrier=barrier)
            barrier = _last(builder.graph.steps[known:]) or barrier
        build_deferred(operation, positions, walker, builder)
        for each in PASSES:
            each(builder.graph, positions)
        return builder.graph


def _in_turn(operation: NormalizedOperation, positions: Positions) -> list[Selection]:
    """The selections to resolve one after the other: the fields of a mutation, everything else at once."""
    selection = operation.selection
    fields = [each for each in selection.fields if each.name not in INTROSPECTION]
    groups = [fields]
    if operation.kind is OperationKind.MUTATION:
        groups = [[each] for each in _turns(fields, positions)]
    return [Selection(selection.type_name, selection.possible, group, selection.has_union) for group in groups]


def _turns(fields: Sequence[SelectedField], positions: Positions) -> list[SelectedField]:
    """Each field, as often as there are places where conditions may have it called first."""
    if not any(each.turns for each in fields):
        return list(fields)
    found: list[SelectedField] = []
    for each in fields:
        for place, when in each.turns or ((each.place, each.when),):
            turn = replace(each, place=place, when=when, turns=())
            positions.share(positions.root, each, turn)
            found.append(turn)
    return sorted(found, key=attrgetter("place"))


def _last(steps: Sequence[Step]) -> frozenset[Step]:
    """Those that no other one waits for."""
    return frozenset(steps).difference(*(step.after for step in steps))


def _solved(solution: Solution | None, selection: Selection) -> Solution:
    if solution is None:
        names = ", ".join(f"{selection.type_name}.{each.name}" for each in selection.fields)
        raise Unresolvable(f"No subgraph that can be reached resolves everything selected in {names}.")
    return solution
