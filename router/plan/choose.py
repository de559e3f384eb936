"""Choose, for one selection, which visits of subgraphs resolve its fields.

Branch and bound over the ways to place each field: fewest requests first, then shortest chains, then fewest fields.
What lies below a field is solved on its own, for each node the field may lead to, once for all plans it is part of.
Requests that visits at different positions can share are joined afterwards; of equal ways the first subgraph is taken
everywhere, so that they often can.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from router.plan.errors import Enough
from router.plan.place import Limits, Placed, Placer
from router.plan.reach import Reach, Solver, edge_of, is_opaque
from router.plan.selections import TYPENAME, TYPENAME_FIELD, SelectedField, Selection
from router.plan.solution import HOP, LEAF, Assignment, Solution, State, Visit
from router.supergraph.graph import Edge, Node


class Client(NamedTuple):
    """A field still to be placed, for objects of one runtime type.

    Attributes:
        alike: leaves that exactly the same nodes resolve: they go where this one goes.
    """

    type_name: str
    field: SelectedField
    alike: tuple[SelectedField, ...] = ()


class Choice:
    """Chooses for one selection and its arrivals."""

    def __init__(
        self, solver: Solver, selection: Selection, arrivals: tuple[Node, ...], peers: tuple[Node, ...]
    ) -> None:
        self._solver = solver
        self._graph = solver.graph
        self._selection = selection
        self._arrivals = arrivals
        self._peers = peers
        self._limits = Limits(held=(1 << len(arrivals)) - 1 if selection.usages else 0)
        self._reach = Reach(solver, arrivals, peers)
        self._placer = Placer(solver, self._reach, arrivals, _static_type(selection, arrivals))
        self._best: State | None = None

    def run(self) -> Solution | None:
        """The best solution found; None if there is none."""
        visits = tuple(Visit(node.subgraph, number, 0, 0, ()) for number, node in enumerate(self._arrivals))
        state = State(visits, None, 0)
        clients: list[Client] = []
        if len(self._arrivals) == 1 and is_opaque(self._arrivals[0]) and self._must_know_types(self._arrivals[0]):
            clients.append(Client(self._arrivals[0].type_name, TYPENAME_FIELD))
        for field in self._selection.fields:
            state = self._settle(state, field, clients)
        if not clients:
            self._best = state
        else:
            clients = sorted(self._bundled(clients), key=self._freedom)
            self._search(state, clients, self._bounds(clients))
        best = self._best
        return (
            None if best is None else Solution(best.visits, best.assignments(), best.cost, self._arrivals, self._peers)
        )

    def _settle(self, state: State, field: SelectedField, clients: list[Client]) -> State:
        """Place the field at once where there is nothing to choose; otherwise leave it to `clients`."""
        may_settle = field.name == TYPENAME or not self._limits.held
        if len(self._arrivals) != 1:
            if field.name != TYPENAME or self._arrivals:
                clients += [Client(each, field) for each in self._types_of_several(field)]
            return state
        node = self._arrivals[0]
        if field.on is None and may_settle:
            settled = self._settle_for_all(state, node, field)
            if settled is not None:
                return settled
        if is_opaque(node):
            types = self._types_of_opaque(node, field)
        else:
            types = node.possible if field.on is None else node.possible & field.on
        for type_name in sorted(types):
            settled = self._settle_for(state, node, type_name, field) if may_settle else None
            if settled is None:
                clients.append(Client(type_name, field))
            else:
                state = settled
        return state

    def _types_of_several(self, field: SelectedField) -> Sequence[str]:
        """The runtime types of objects that are put together of several, which all have the same ones."""
        possible = self._arrivals[0].possible if self._arrivals else frozenset[str]()
        if self._selection.type_name in possible or not possible:
            return [self._selection.type_name]
        return sorted(possible if field.on is None else possible & field.on)

    def _types_of_opaque(self, node: Node, field: SelectedField) -> frozenset[str]:
        """The interface where it has the field, else the runtime types that do."""
        if field.on is not None:
            return field.on
        if field.name == TYPENAME or (field.name in node.info.fields and not self._differs_by_type(node, field)):
            return frozenset({node.type_name})
        return self._graph.supergraph.possible_types[node.type_name]

    def _differs_by_type(self, node: Node, field: SelectedField) -> bool:
        """Whether nobody gives the field for all runtime types alike, or what it requires is not the same for all."""
        ways = (edge_of(each, field.name) for each in self._graph.resolvers(node.type_name, field.name))
        edges = [edge for edge in (node.edge(field.name), *ways) if edge is not None]
        return not edges or any(
            required.on is not None
            for edge in edges
            if edge.requires is not None
            for required in self._solver.field_sets.of(node.type_name, edge.requires).fields
        )

    def _must_know_types(self, node: Node) -> bool:
        return any(node.type_name not in self._types_of_opaque(node, each) for each in self._selection.fields)

    def _settle_for_all(self, state: State, node: Node, field: SelectedField) -> State | None:
        if field.name == TYPENAME:
            return None if is_opaque(node) else state.assign(Assignment(field, None, ((0, None),)))
        edge = edge_of(node, field.name)
        if edge is None or not edge.is_free:
            return None
        if field.selection is None:
            return state.assign(Assignment(field, None, ((0, edge),))).paying(LEAF)
        types = sorted(node.possible) or [node.type_name]
        has_choice = any(len(self._graph.resolvers(each, field.name)) > 1 for each in types)
        return self._settle_composite(state, edge, field, None, types[0], has_choice=has_choice)

    def _settle_for(self, state: State, node: Node, type_name: str, field: SelectedField) -> State | None:
        """Place the field for one runtime type, if that takes no decision."""
        if is_opaque(node) and type_name != node.type_name:
            return None
        types = frozenset({type_name})
        if field.name == TYPENAME:
            return None if is_opaque(node) else state.assign(Assignment(field, types, ((0, None),)))
        edge = edge_of(node.member(type_name), field.name)
        if edge is None or not edge.is_free:
            return None
        if field.selection is None:
            return state.assign(Assignment(field, types, ((0, edge),))).paying(LEAF)
        has_choice = len(self._graph.resolvers(type_name, field.name)) > 1
        return self._settle_composite(state, edge, field, types, type_name, has_choice=has_choice)

    def _settle_composite(
        self,
        state: State,
        edge: Edge,
        field: SelectedField,
        types: frozenset[str] | None,
        type_name: str,
        *,
        has_choice: bool,
    ) -> State | None:
        solution = self._reach.local(type_name, field, edge)
        if solution is None or (has_choice and not solution.is_local):
            return None
        return state.assign(Assignment(field, types, ((0, edge),), solution)).paying(LEAF + solution.cost)

    def _freedom(self, client: Client) -> int:
        return len(self._graph.resolvers(client.type_name, client.field.name)) if client.field.type else 0

    def _bundled(self, clients: list[Client]) -> list[Client]:
        """The clients with leaves that have the same resolvers in one."""
        bundles: dict[object, list[Client]] = {}
        for client in clients:
            bundles.setdefault(self._resolvers_of(client), []).append(client)
        return [first._replace(alike=tuple(each.field for each in rest)) for first, *rest in bundles.values()]

    def _resolvers_of(self, client: Client) -> object:
        field = client.field
        if field.selection is not None or field.type is None or field.contexts:
            return client
        edges = [edge for _, edge in self._reach.arrival_edges(client.type_name, field.name)]
        edges += [
            edge for node in self._graph.resolvers(client.type_name, field.name) if (edge := node.edge(field.name))
        ]
        return client.type_name, tuple((edge.source, edge.requires) for edge in edges)

    def _bounds(self, clients: list[Client]) -> list["Bound"]:
        """Per number of clients placed, what the others cost at least."""
        bounds = [Bound(0, frozenset())]
        for client in reversed(clients):
            only = self._only_subgraph(client)
            known = bounds[-1]
            forced = known.subgraphs if only is None else known.subgraphs | {only}
            bounds.append(Bound(known.cost + self._least_cost(client), forced))
        bounds.reverse()
        return bounds

    def _least_cost(self, client: Client) -> int:
        if client.field.selection is None:
            return LEAF * (1 + len(client.alike))
        return LEAF + self._reach.least_cost(client.type_name, client.field)

    def _only_subgraph(self, client: Client) -> str | None:
        if client.field.type is None:
            return None
        subgraphs = {each.subgraph for each in self._graph.resolvers(client.type_name, client.field.name)}
        for _, edge in self._reach.arrival_edges(client.type_name, client.field.name):
            subgraphs.add(edge.source.subgraph)
        return subgraphs.pop() if len(subgraphs) == 1 else None

    def _search(self, state: State, clients: list[Client], bounds: list["Bound"]) -> None:
        """Keep the best state in which all clients are placed, as long as it is worth while to look for it."""
        content = self._solver.content
        try:
            self._search_all(state, clients, bounds)
        except Enough:
            if self._best is None:
                raise
        finally:
            self._solver.content = content

    def _search_all(self, state: State, clients: list[Client], bounds: list["Bound"]) -> None:
        """Place the clients one after the other, in every way, keeping the best state in which all are placed."""
        ways = [self._ways(state, clients[0])]
        while ways:
            self._solver.attempt()
            placed = next(ways[-1], None)
            if placed is None:
                ways.pop()
                continue
            done = len(ways)
            if self._best is not None and not self._solver.spend():
                return
            if self._best is not None and bounds[done].added_to(placed) >= self._best.cost:
                continue
            if done == len(clients):
                self._solver.content += self._best is None
                self._best = placed
            else:
                ways.append(self._ways(placed, clients[done]))

    def _ways(self, state: State, client: Client) -> Iterator[State]:
        for placed, assignment in self._placements(state, client):
            known = placed.assign(assignment)
            for field in client.alike:
                targets = tuple(
                    (number, None if edge is None else edge_of(edge.source, field.name) or edge.source.edge(field.name))
                    for number, edge in assignment.targets
                )
                known = known.assign(Assignment(field, assignment.types, targets)).paying(LEAF)
            yield known

    def _placements(self, state: State, client: Client) -> Iterator[Placed]:
        """Every way to place the field; where there is none, by what is done only then.

        That is to take it from arrivals of what comes later, or to ask objects of unknown type for what may lose them.
        """
        found = False
        for placed in self._placer.place(state, client.type_name, client.field, self._limits):
            found = True
            yield placed
        if not found and (self._limits.held or any(map(is_opaque, self._arrivals))):
            yield from self._placer.place(state, client.type_name, client.field, Limits(bold=True))


class Bound(NamedTuple):
    """What is still to pay at least: costs below fields, and subgraphs that cannot be done without."""

    cost: int
    subgraphs: frozenset[str]

    def added_to(self, state: State) -> int:
        missing = self.subgraphs.difference(visit.subgraph for visit in state.visits) if self.subgraphs else ()
        return state.cost + self.cost + HOP * len(missing)


def _static_type(selection: Selection, arrivals: tuple[Node, ...]) -> str:
    return arrivals[0].type_name if len(arrivals) == 1 else selection.type_name
