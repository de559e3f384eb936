"""From the text of a supergraph to the typed model."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    GraphQLSyntaxError,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ListValueNode,
    ObjectTypeDefinitionNode,
    ObjectValueNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    parse_type,
)

from router.federation.type_ref import type_ref
from router.supergraph.errors import SupergraphError
from router.supergraph.features import check_features
from router.supergraph.machinery import Machinery
from router.supergraph.model import (
    ContextArgument,
    FieldInfo,
    JoinField,
    JoinType,
    KeyInfo,
    Kind,
    SubgraphInfo,
    Supergraph,
    TypeInfo,
)
from router.supergraph.owners import complete
from router.supergraph.values import arguments_of, flag, text

_KINDS: Mapping[type[TypeDefinitionNode], Kind] = {
    ObjectTypeDefinitionNode: Kind.OBJECT,
    InterfaceTypeDefinitionNode: Kind.INTERFACE,
    UnionTypeDefinitionNode: Kind.UNION,
    EnumTypeDefinitionNode: Kind.ENUM,
    InputObjectTypeDefinitionNode: Kind.INPUT,
    ScalarTypeDefinitionNode: Kind.SCALAR,
}


def read_supergraph(sdl: str) -> Supergraph:
    """Parse and interpret.

    Raises:
        SupergraphError: the text does not parse, is no supergraph, or needs what we do not support.
    """
    try:
        document = parse(sdl, no_location=True)
    except GraphQLSyntaxError as error:
        raise SupergraphError(str(error)) from error
    check_features(document)
    return _Reader(document).read()


class _Reader:
    """Reads one document; holds the names of the machinery and the enum of the subgraphs."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document
        machinery = Machinery.of(document)
        self._machinery = machinery
        self._graph_enum = machinery.name("join", "Graph")
        self._graph, self._owner, self._type, self._field, self._implements, self._union_member, self._enum_value = (
            machinery.name("join", element)
            for element in ("graph", "owner", "type", "field", "implements", "unionMember", "enumValue")
        )
        self._context = machinery.main_name("context")
        self._subgraphs = self._read_subgraphs()
        self._has_owners = False

    def read(self) -> Supergraph:
        types = {
            node.name.value: self._read_type(node)
            for node in self._document.definitions
            if isinstance(node, TypeDefinitionNode) and not self._machinery.owns(node)
        }
        if self._has_owners:
            complete(types)
        roots = _roots(self._document, types)
        subgraphs = {info.name: info for info in self._subgraphs.values()}
        return Supergraph(self._document, subgraphs, types, roots)

    def _read_subgraphs(self) -> Mapping[str, SubgraphInfo]:
        """By value of the enum."""
        found: dict[str, SubgraphInfo] = {}
        for node in self._document.definitions:
            if isinstance(node, EnumTypeDefinitionNode) and node.name.value == self._graph_enum:
                for value in node.values or ():
                    for arguments in _applied(value, self._graph):
                        name = text(arguments.get("name")) or value.name.value
                        found[value.name.value] = SubgraphInfo(name, text(arguments.get("url")) or "")
        if not found:
            raise SupergraphError(f"The text is no supergraph: it defines no subgraphs in {self._graph_enum}.")
        return found

    def _name_of(self, value: Any) -> str:
        graph = text(value)
        if graph is None or graph not in self._subgraphs:
            raise SupergraphError(f"{graph} is not a subgraph of {self._graph_enum}.")
        return self._subgraphs[graph].name

    def _read_type(self, node: TypeDefinitionNode) -> TypeInfo:
        info = TypeInfo(node.name.value, _KINDS[type(node)])
        self._read_joins(node, info)
        names = (text(each.get("name")) for each in _applied(node, self._context))
        info.contexts = frozenset(name for name in names if name is not None)
        match node:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                owner = next((self._name_of(each.get("graph")) for each in _applied(node, self._owner)), None)
                self._has_owners |= owner is not None
                for each in node.fields or ():
                    info.fields[each.name.value] = self._read_field(each, info, owner)
                declared = [each.name.value for each in node.interfaces or ()]
                info.interfaces = self._by_graph(node, self._implements, "interface", declared, info)
            case UnionTypeDefinitionNode():
                declared = [each.name.value for each in node.types or ()]
                info.members = self._by_graph(node, self._union_member, "member", declared, info)
            case EnumTypeDefinitionNode():
                self._read_values(node, info)
            case _:
                pass
        return info

    def _read_joins(self, node: TypeDefinitionNode, info: TypeInfo) -> None:
        applied = _applied(node, self._type)
        for arguments in applied:
            join = info.joins.setdefault(self._name_of(arguments.get("graph")), JoinType())
            join.extension |= flag(arguments.get("extension"))
            join.is_interface_object |= flag(arguments.get("isInterfaceObject"))
            key = text(arguments.get("key"))
            if key is not None:
                join.keys.append(KeyInfo(key, flag(arguments.get("resolvable"), default=True)))
        if not applied:  # value types of the oldest supergraphs are known wherever they are reached
            info.joins = {each.name: JoinType() for each in self._subgraphs.values()}

    def _by_graph(
        self, node: Any, directive: str, argument: str, declared: Sequence[str], info: TypeInfo
    ) -> dict[str, frozenset[str]]:
        """Which subgraphs say that the type has this interface or member; all of them where the join is silent."""
        graphs: dict[str, set[str]] = {name: set() for name in declared}
        for arguments in _applied(node, directive):
            name = text(arguments.get(argument))
            if name is not None:
                graphs.setdefault(name, set()).add(self._name_of(arguments.get("graph")))
        return {name: frozenset(of or info.joins) for name, of in graphs.items()}

    def _read_field(self, node: FieldDefinitionNode, info: TypeInfo, owner: str | None) -> FieldInfo:
        joins: dict[str, JoinField] = {}
        applied = _applied(node, self._field)
        for arguments in applied:
            if "graph" in arguments:
                joins[self._name_of(arguments["graph"])] = _join_field(arguments)
        if not applied:
            silent = [owner] if owner is not None else list(info.joins)
            joins = {name: JoinField() for name in silent}
        arguments = {each.name.value: _ref(each.type) for each in node.arguments or ()}
        return FieldInfo(node.name.value, _ref(node.type), arguments, joins)

    def _read_values(self, node: EnumTypeDefinitionNode, info: TypeInfo) -> None:
        hidden: set[str] = set()
        for value in node.values or ():
            graphs = [self._name_of(each.get("graph")) for each in _applied(value, self._enum_value)]
            info.values[value.name.value] = frozenset(graphs or info.joins)
            if self._machinery.is_inaccessible(value):
                hidden.add(value.name.value)
        info.inaccessible_values = frozenset(hidden)


def _ref(node: Any) -> Any:
    return type_ref(node, str)


def _join_field(arguments: Mapping[str, Any]) -> JoinField:
    type_text = text(arguments.get("type"))
    contexts = arguments.get("contextArguments")
    return JoinField(
        type=None if type_text is None else _ref(parse_type(type_text, no_location=True)),
        requires=text(arguments.get("requires")),
        provides=text(arguments.get("provides")),
        external=flag(arguments.get("external")),
        override=text(arguments.get("override")),
        used_overridden=flag(arguments.get("usedOverridden")),
        override_label=text(arguments.get("overrideLabel")),
        context_arguments=_context_arguments(contexts) if isinstance(contexts, ListValueNode) else (),
    )


def _context_arguments(value: ListValueNode) -> tuple[ContextArgument, ...]:
    found: list[ContextArgument] = []
    for item in value.values:
        if isinstance(item, ObjectValueNode):
            parts = {each.name.value: text(each.value) or "" for each in item.fields}
            found.append(
                ContextArgument(
                    parts.get("name", ""), parts.get("type", ""), parts.get("context", ""), parts.get("selection", "")
                )
            )
    return tuple(found)


def _applied(node: Any, name: str) -> list[Mapping[str, Any]]:
    """The arguments of each application of a directive."""
    directives = cast("Sequence[DirectiveNode]", node.directives or ())
    return [arguments_of(each) for each in directives if each.name.value == name]


def _roots(document: DocumentNode, types: Mapping[str, TypeInfo]) -> Mapping[str, str]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode) and node.operation_types:
            return {each.operation.value: each.type.name.value for each in node.operation_types}
    return {kind: kind.capitalize() for kind in ("query", "mutation", "subscription") if kind.capitalize() in types}
