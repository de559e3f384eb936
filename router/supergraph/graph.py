"""The query graph: what each subgraph resolves of each type, and by which keys a type's objects can be entered.

Nodes are made when they are first asked for. A node is a type in a subgraph; it is specialised where the way to it
matters: fields that a `@provides` above it adds, and the members of a union that every way to it has in common.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.federation.field_sets import parse_field_set
from router.federation.type_ref import TypeRef, base_name
from router.supergraph.model import ContextArgument, FieldInfo, JoinField, JoinType, Kind, Supergraph, TypeInfo

Provided = tuple[SelectionSetNode, ...]
"""Selections that `@provides` directives above a node promise of it."""


@dataclass(slots=True, eq=False)
class Edge:
    """A field that a subgraph resolves.

    Attributes:
        type: in this subgraph.
        child: of a composite field.
        requires: the field set that the object must be sent with.
        contexts: arguments that come from ancestors of the object.
    """

    source: "Node"
    field: FieldInfo
    type: TypeRef
    child: "Node | None"
    requires: str | None
    contexts: tuple[ContextArgument, ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether it can be taken where the object is found; otherwise the object must be sent with something."""
        return self.requires is None and not self.contexts


@dataclass(frozen=True, slots=True, eq=False)
class EntityEdge:
    """A way into a subgraph: for objects of a type, by a key, or freely for root types.

    Attributes:
        key: the field set to send; None for a root type.
        typename: to send: that of the object, or of the interface object that stands for it.
    """

    target: "Node"
    key: str | None
    typename: str


class Node:
    """A type in a subgraph, as reached in one way.

    Attributes:
        possible: runtime types of the objects here. An interface object does not know them: there it is the
            interface's own name.
    """

    __slots__ = (
        "_edges",
        "_graph",
        "_members",
        "_uniform",
        "info",
        "is_interface_object",
        "possible",
        "provided",
        "subgraph",
        "type_name",
    )

    def __init__(
        self, graph: "QueryGraph", subgraph: str, info: TypeInfo, provided: Provided, possible: frozenset[str]
    ) -> None:
        self._graph = graph
        self.subgraph = subgraph
        self.info = info
        self.type_name = info.name
        self.provided = provided
        self.possible = possible
        join = info.joins.get(subgraph)
        self.is_interface_object = join is not None and join.is_interface_object
        self._edges: dict[str, Edge | None] = {}
        self._members: dict[str, Node] = {}
        self._uniform: dict[str, Edge | None] = {}

    def __repr__(self) -> str:
        return f"{self.type_name}@{self.subgraph}"

    def edge(self, name: str) -> Edge | None:
        """The field, if the subgraph resolves it on this very type."""
        if name not in self._edges:
            self._edges[name] = self._graph.make_edge(self, name)
        return self._edges[name]

    def member(self, type_name: str) -> "Node":
        """The same object, known to be of that runtime type."""
        if type_name == self.type_name:
            return self
        if type_name not in self._members:
            self._members[type_name] = self._graph.node(self.subgraph, type_name, self.provided)
        return self._members[type_name]

    def uniform(self, name: str) -> Edge | None:
        """The field, if one selection without type conditions resolves it for every object here."""
        if name not in self._uniform:
            self._uniform[name] = self._find_uniform(name)
        return self._uniform[name]

    def _find_uniform(self, name: str) -> Edge | None:
        own = self.edge(name)
        if own is None or not own.is_free:
            return None
        if self.info.kind is Kind.INTERFACE and not self.is_interface_object:
            for type_name in self.possible:
                edge = self.member(type_name).edge(name)
                if edge is None or not edge.is_free or _gives_more(edge, own):
                    return None
        return own

    def narrowed(self, possible: frozenset[str]) -> "Node":
        """The node with fewer runtime types."""
        if self.possible <= possible:
            return self
        return self._graph.narrowed(self, self.possible & possible)


class QueryGraph:
    """All nodes and edges of one supergraph.

    Attributes:
        labels: the labels of `@override` that hold.
    """

    def __init__(self, supergraph: Supergraph, labels: frozenset[str] = frozenset()) -> None:
        self.supergraph = supergraph
        self.labels = labels
        self._nodes: dict[tuple[str, str, Provided, frozenset[str]], Node] = {}
        self._entries: dict[str, Sequence[EntityEdge]] = {}
        self._resolvers: dict[tuple[str, str], Sequence[Node]] = {}
        self._field_sets: dict[str, SelectionSetNode] = {}

    @cached_property
    def root_types(self) -> Mapping[str, str]:
        """Operation by name of the root type."""
        return {name: kind for kind, name in self.supergraph.roots.items()}

    def node(self, subgraph: str, type_name: str, provided: Provided = ()) -> Node:
        """The type in that subgraph, with all the runtime types it has there."""
        info = self.supergraph.types[type_name]
        return self._node(subgraph, info, provided, self._possible(subgraph, info))

    def narrowed(self, node: Node, possible: frozenset[str]) -> Node:
        """A copy of `node` with these runtime types only."""
        return self._node(node.subgraph, node.info, node.provided, possible)

    def _node(self, subgraph: str, info: TypeInfo, provided: Provided, possible: frozenset[str]) -> Node:
        key = (subgraph, info.name, provided, possible)
        known = self._nodes.get(key)
        if known is None:
            known = self._nodes[key] = Node(self, subgraph, info, provided, possible)
        return known

    def _possible(self, subgraph: str, info: TypeInfo) -> frozenset[str]:
        types = self.supergraph.types
        match info.kind:
            case Kind.UNION:
                return frozenset(name for name, graphs in info.members.items() if subgraph in graphs)
            case Kind.INTERFACE if not info.joins.get(subgraph, JoinType()).is_interface_object:
                return frozenset(
                    name
                    for name in self.supergraph.possible_types[info.name]
                    if subgraph in types[name].interfaces[info.name]
                )
            case _:
                return frozenset({info.name})

    def entries(self, type_name: str) -> Sequence[EntityEdge]:
        """Every way into a subgraph for objects of that type; for an interface, of unknown runtime type."""
        if type_name not in self._entries:
            self._entries[type_name] = self._find_entries(type_name)
        return self._entries[type_name]

    def ways_back(self, node: Node) -> Sequence[EntityEdge]:
        """By which its subgraph can be entered with its own objects, once they have what a field requires.

        A key that is not resolvable keeps others from entering the subgraph. It still is what the subgraph, which
        resolves a field from what it is sent, knows its objects by.
        """
        keys = node.info.joins.get(node.subgraph, JoinType()).keys
        return [EntityEdge(node, key.fields, node.type_name) for key in keys]

    def _find_entries(self, type_name: str) -> Sequence[EntityEdge]:
        info = self.supergraph.types[type_name]
        if type_name in self.root_types:
            return [EntityEdge(self.node(subgraph, type_name), None, type_name) for subgraph in info.joins]
        found = self._keyed(info, interface_objects_only=False)
        for name in info.interfaces if info.kind is Kind.OBJECT else ():
            found += self._keyed(self.supergraph.types[name], interface_objects_only=True)
        return found

    def _keyed(self, info: TypeInfo, *, interface_objects_only: bool) -> list[EntityEdge]:
        return [
            EntityEdge(self.node(subgraph, info.name), key.fields, info.name)
            for subgraph, join in info.joins.items()
            if join.is_interface_object or not interface_objects_only
            for key in join.keys
            if key.resolvable
        ]

    def is_key_field(self, node: Node, field: str) -> bool:
        """Whether a key of the node's type in its subgraph begins with the field."""
        keys = node.info.joins.get(node.subgraph, JoinType()).keys
        return any(_is_key_field(self._field_set(key.fields), field) for key in keys)

    def resolvers(self, type_name: str, field: str) -> Sequence[Node]:
        """The nodes that resolve a field of objects of that type, `@provides` aside."""
        key = (type_name, field)
        if key not in self._resolvers:
            self._resolvers[key] = self._find_resolvers(type_name, field)
        return self._resolvers[key]

    def _find_resolvers(self, type_name: str, field: str) -> Sequence[Node]:
        info = self.supergraph.types[type_name]
        nodes = [self.node(subgraph, type_name) for subgraph in info.joins]
        for name in info.interfaces if info.kind is Kind.OBJECT else ():
            joins = self.supergraph.types[name].joins
            nodes += [self.node(subgraph, name) for subgraph, join in joins.items() if join.is_interface_object]
        return [node for node in nodes if node.edge(field) is not None]

    def make_edge(self, node: Node, name: str) -> Edge | None:
        """The field on this very node; None if the subgraph does not resolve it there."""
        field = node.info.fields.get(name)
        join = None if field is None else field.joins.get(node.subgraph)
        if field is None or join is None:
            return None
        inherited = _provided(self.supergraph, node.provided, node.type_name, name)
        is_provided = inherited is not None and join.external  # what is its own, a label may take away nevertheless
        if not is_provided and not self._resolves(node, field, join):
            return None
        type_ = join.type or field.type
        child = self.supergraph.types.get(base_name(type_))
        if child is None or not child.is_composite:
            return Edge(node, field, type_, None, join.requires, join.context_arguments)
        provided = tuple(inherited or ())
        if join.provides is not None:
            provided += (self._field_set(join.provides),)
        below = self.node(node.subgraph, child.name, provided)
        return Edge(node, field, type_, below, join.requires, join.context_arguments)

    def _resolves(self, node: Node, field: FieldInfo, join: JoinField) -> bool:
        if join.used_overridden and not self._labelled_away(node.subgraph, field):
            return False
        if join.external:
            own = node.info.joins.get(node.subgraph, JoinType())
            return own.extension and any(_is_key_field(self._field_set(key.fields), field.name) for key in own.keys)
        if join.override is not None and join.override_label is not None:
            return join.override_label in self.labels
        return not self._taken_over(node.subgraph, field)

    def _labelled_away(self, subgraph: str, field: FieldInfo) -> bool:
        """Whether a labelled override of this subgraph's field does not hold, so that it is resolved here still."""
        return any(
            each.override == subgraph and each.override_label is not None and each.override_label not in self.labels
            for each in field.joins.values()
        )

    def _taken_over(self, subgraph: str, field: FieldInfo) -> bool:
        return any(each.override == subgraph and each.override_label in self.labels for each in field.joins.values())

    def _field_set(self, text: str) -> SelectionSetNode:
        if text not in self._field_sets:
            self._field_sets[text] = parse_field_set(text)
        return self._field_sets[text]


def _gives_more(edge: Edge, own: Edge) -> bool:
    """Whether the field provides below it, on a runtime type, what it does not on the interface."""
    return edge.child is not None and own.child is not None and not {*edge.child.provided} <= {*own.child.provided}


def _is_key_field(key: SelectionSetNode, name: str) -> bool:
    return any(isinstance(each, FieldNode) and each.name.value == name for each in key.selections)


def _provided(supergraph: Supergraph, provided: Provided, type_name: str, field: str) -> list[SelectionSetNode] | None:
    """What the provided selections say below a field; None if they do not name it for objects of that type."""
    found: list[SelectionSetNode] | None = None
    for selections in provided:
        for node in selections.selections:
            if isinstance(node, FieldNode) and node.name.value == field:
                found = found or []
                if node.selection_set is not None:
                    found.append(node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                condition = type_name if node.type_condition is None else node.type_condition.name.value
                if type_name in supergraph.possible_types.get(condition, ()) or condition == type_name:
                    inner = _provided(supergraph, (node.selection_set,), type_name, field)
                    if inner is not None:
                        found = (found or []) + inner
    return found
