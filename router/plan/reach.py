"""Which nodes can give a field of the objects at one position."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from router.plan.field_sets import FieldSets
from router.plan.selections import SelectedField, Selection
from router.plan.solution import HOP, Solution
from router.supergraph.graph import Edge, Node, QueryGraph
from router.supergraph.model import Kind


class Solver(Protocol):
    """What solves the selections below a field."""

    graph: QueryGraph
    field_sets: FieldSets
    content: int

    def solve(
        self, selection: Selection, arrivals: tuple[Node, ...], peers: tuple[Node, ...] = ()
    ) -> Solution | None: ...

    def forced(self, selection: Selection, type_name: str) -> frozenset[str]: ...

    def spend(self, units: int = 1) -> bool: ...

    def attempt(self) -> None: ...


class Candidate(NamedTuple):
    """A way to a composite field.

    Attributes:
        arrival: number of the arrival that has it; None if its subgraph must be visited.
        child: where the field leads, with the union members that all ways to it share.
        peers: where the other ways lead, if that matters below.
    """

    arrival: int | None
    edge: Edge
    child: Node
    peers: tuple[Node, ...] = ()


def is_opaque(node: Node) -> bool:
    """Whether the runtime types of the objects are unknown here, so that only their interface can be spoken of."""
    return node.is_interface_object or not node.possible


def edge_of(node: Node, field: str) -> Edge | None:
    """The field, if one selection at the node gives it for every object there."""
    is_interface = node.info.kind is Kind.INTERFACE and not node.is_interface_object
    return node.uniform(field) if is_interface else node.edge(field)


def read_as(node: Node, type_name: str, graph: QueryGraph) -> Node | None:
    """The node from which fields of objects of that runtime type are read, if they can be here."""
    if node.type_name == type_name:
        return node
    if is_opaque(node):
        return node if node.type_name in graph.supergraph.types[type_name].interfaces else None
    return node.member(type_name) if type_name in node.possible else None


class Reach:
    """The ways to the fields of one position's objects."""

    def __init__(self, solver: Solver, arrivals: tuple[Node, ...], peers: tuple[Node, ...]) -> None:
        self._solver = solver
        self._graph = solver.graph
        self._arrivals = arrivals
        self._peers = peers
        self._reachable: dict[str, frozenset[str]] = {}
        self._candidates: dict[tuple[int, str], Sequence[Candidate]] = {}

    def arrival_edges(self, type_name: str, field: str) -> list[tuple[int, Edge]]:
        """The arrivals that have the field for objects of that type, whatever it requires."""
        found: list[tuple[int, Edge]] = []
        for number, arrival in enumerate(self._arrivals):
            node = read_as(arrival, type_name, self._graph)
            edge = None if node is None else edge_of(node, field) or node.edge(field)
            if edge is not None:
                found.append((number, edge))
        return found

    def candidates(self, type_name: str, field: SelectedField) -> Sequence[Candidate]:
        """Every way to a composite field."""
        key = (id(field), type_name)
        known = self._candidates.get(key)
        if known is None:
            known = self._candidates[key] = self._find(type_name, field)
        return known

    def local(self, type_name: str, field: SelectedField, edge: Edge) -> Solution | None:
        """The solution below a composite field that the only arrival has, taken by this edge."""
        if field.selection is None or edge.child is None:
            return None
        if not self._is_narrowed(field.selection, [edge.child]):
            return self._solver.solve(field.selection, (edge.child,))
        narrowed = self._narrowed(type_name, field, [(0, edge)], self._ways(type_name, field))
        return self.solution(field, narrowed[0]) if narrowed else None

    def solution(self, field: SelectedField, candidate: Candidate) -> Solution | None:
        """Of the field's selection where the candidate leads; None if that alone cannot resolve it."""
        if field.selection is None:
            return None
        return self._solver.solve(field.selection, (candidate.child,), candidate.peers)

    def floor(self, field: SelectedField, candidate: Candidate) -> int:
        """What the candidate's solution costs at least, without solving it."""
        selection = field.selection
        if selection is None or candidate.child.provided or candidate.child.info.kind is not Kind.OBJECT:
            return 0
        type_name = candidate.child.type_name
        forced = self._solver.forced(selection, type_name) - {candidate.child.subgraph}
        return HOP * len(forced)

    def least_cost(self, type_name: str, field: SelectedField) -> int:
        """What lies below the field costs at least this, whichever way is taken."""
        candidates = self.candidates(type_name, field)
        if len(candidates) != 1:
            return 0
        solution = self.solution(field, candidates[0])
        return 0 if solution is None else solution.cost

    def _find(self, type_name: str, field: SelectedField) -> Sequence[Candidate]:
        selection = field.selection
        if selection is None:
            return ()
        ways = self._ways(type_name, field)
        children = [edge.child for _, edge in ways if edge.child is not None]
        if self._is_narrowed(selection, children):
            return self._narrowed(type_name, field, ways, ways)
        return [Candidate(number, edge, edge.child) for number, edge in ways if edge.child is not None]

    def _ways(self, type_name: str, field: SelectedField) -> Sequence[tuple[int | None, Edge]]:
        ways: list[tuple[int | None, Edge]] = [*self.arrival_edges(type_name, field.name)]
        free = {edge.source.subgraph for _, edge in ways if edge.is_free}
        for node in self._graph.resolvers(type_name, field.name):
            edge = edge_of(node, field.name)
            if edge is not None and node.subgraph not in free:
                ways.append((None, edge))
        return [(number, edge) for number, edge in ways if field.knows(edge.contexts)]

    def _is_narrowed(self, selection: Selection, children: Sequence[Node]) -> bool:
        return selection.has_union or any(each.info.kind is Kind.UNION for each in children)

    def _narrowed(
        self,
        type_name: str,
        field: SelectedField,
        ways: Sequence[tuple[int | None, Edge]],
        all_ways: Sequence[tuple[int | None, Edge]],
    ) -> Sequence[Candidate]:
        """With the union members that every way has in common, for any of the ways may turn out to be taken."""
        reachable = self.reachable(type_name)
        peers = {edge.child for edge in self._peer_edges(type_name, field.name) if edge.child is not None}
        peers |= {edge.child for _, edge in all_ways if edge.child is not None and edge.source.subgraph in reachable}
        common = frozenset[str].intersection(*(each.possible for each in peers)) if peers else frozenset[str]()
        found: list[Candidate] = []
        for number, edge in ways:
            if edge.child is not None and edge.source.subgraph in reachable:
                child = edge.child.narrowed(common) if edge.child.info.kind is Kind.UNION else edge.child
                others = sorted((each for each in peers if each is not edge.child), key=repr)
                found.append(Candidate(number, edge, child, tuple(others)))
        return found

    def _peer_edges(self, type_name: str, field: str) -> list[Edge]:
        nodes = (read_as(peer, type_name, self._graph) for peer in self._peers)
        edges = (None if node is None else edge_of(node, field) for node in nodes)
        return [edge for edge in edges if edge is not None]

    def reachable(self, type_name: str) -> frozenset[str]:
        """The subgraphs that objects of that type come from or can be taken to."""
        if type_name not in self._reachable:
            self._reachable[type_name] = self._find_reachable(type_name)
        return self._reachable[type_name]

    def _find_reachable(self, type_name: str) -> frozenset[str]:
        nodes = [
            node
            for each in (*self._arrivals, *self._peers)
            if (node := read_as(each, type_name, self._graph)) is not None
        ]
        found = {each.subgraph for each in nodes}
        entries = list(self._graph.entries(type_name))
        grown = True
        while grown:
            grown = False
            for entry in entries:
                if entry.target.subgraph not in found and self._is_open(type_name, entry.key, nodes):
                    found.add(entry.target.subgraph)
                    nodes.append(entry.target)
                    grown = True
        return frozenset(found)

    def _is_open(self, type_name: str, key: str | None, nodes: Sequence[Node]) -> bool:
        if key is None:
            return True
        fields = self._solver.field_sets.of(type_name, key).fields
        return all(any(self._gives(node, each) for node in nodes) for each in fields)

    def _gives(self, node: Node, field: SelectedField) -> bool:
        edge = edge_of(node, field.name)
        if edge is None or not edge.is_free:
            return False
        if field.selection is None or edge.child is None:
            return True
        return self._solver.solve(field.selection, (edge.child,)) is not None
