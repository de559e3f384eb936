"""What an operation is, whoever sends it with whatever values: its normalised text, and the fields that it uses."""

# graphql-core declares its wrapping types and its visitors generic without naming their arguments everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableDefinitionNode,
    Visitor,
    print_ast,
    visit,
)

from router.serve.limits.measure import fragments_of

LONGEST: Final = 10_000
"""Characters of a normalised text; the rest is left out, and still tells operations apart by their hash."""


class Signature(NamedTuple):
    """What tells an operation from others.

    Attributes:
        hash: of the whole text.
        name: of the operation; empty if it has none.
        text: without values, aliases and whitespace that mean nothing, in an order that is always the same.
        fields: that it uses, `Type.field` each.
    """

    hash: str
    name: str
    text: str
    fields: tuple[str, ...]


def signature_of(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> Signature:
    """The signature of an operation of a valid document."""
    used = _used(document, operation)
    parts = [_normalised(each) for each in (*sorted(used, key=lambda each: each.name.value), operation)]
    text = " ".join(" ".join(parts).split())
    name = operation.name.value if operation.name else ""
    return Signature(sha256(text.encode()).hexdigest()[:32], name, text[:LONGEST], _fields(schema, [*used, operation]))


def _used(document: DocumentNode, operation: OperationDefinitionNode) -> list[FragmentDefinitionNode]:
    """The fragments that an operation spreads, directly or not."""
    known = fragments_of(document)
    found: dict[str, FragmentDefinitionNode] = {}
    open_: list[Node] = [operation]
    while open_:
        spreads = _Spreads()
        visit(open_.pop(), spreads)
        for name in spreads.names - found.keys():
            found[name] = known[name]
            open_.append(known[name])
    return list(found.values())


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names = set[str]()

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.names.add(node.name.value)


def _fields(schema: GraphQLSchema, nodes: Sequence[Node]) -> tuple[str, ...]:
    used = set[str]()
    for node in nodes:
        info = TypeInfo(schema)
        visit(node, TypeInfoVisitor(info, _Fields(info, used)))
    return tuple(sorted(used))


class _Fields(Visitor):
    def __init__(self, info: TypeInfo, used: set[str]) -> None:
        super().__init__()
        self._info = info
        self._used = used

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        parent = self._info.get_parent_type()
        if parent is not None and not node.name.value.startswith("__"):
            self._used.add(f"{parent.name}.{node.name.value}")


def _normalised(node: Node) -> str:
    return print_ast(visit(node, _Normalising()))


class _Normalising(Visitor):
    """Replaces what is of one client, or of one moment, and sorts what has no order. It copies what it changes."""

    def leave_int_value(self, node: IntValueNode, *_: Any) -> IntValueNode:
        return IntValueNode(value="0")

    def leave_float_value(self, node: FloatValueNode, *_: Any) -> FloatValueNode:
        return FloatValueNode(value="0")

    def leave_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode:
        return StringValueNode(value="", block=False)

    def leave_list_value(self, node: ListValueNode, *_: Any) -> ListValueNode:
        return ListValueNode(values=())

    def leave_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode:
        return ObjectValueNode(fields=())

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode:
        return FieldNode(
            alias=None,
            name=node.name,
            arguments=_sorted(node.arguments),
            directives=_sorted(node.directives),
            selection_set=node.selection_set,
        )

    def leave_directive(self, node: DirectiveNode, *_: Any) -> DirectiveNode:
        return DirectiveNode(name=node.name, arguments=_sorted(node.arguments))

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
        unique = {print_ast(each): each for each in node.selections}
        ordered = sorted(unique.items(), key=lambda each: (_rank(each[1]), each[0]))
        return SelectionSetNode(selections=tuple(each for _, each in ordered))

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> OperationDefinitionNode:
        definitions: tuple[VariableDefinitionNode, ...] = tuple(node.variable_definitions or ())
        return OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=tuple(sorted(definitions, key=lambda each: each.variable.name.value)),
            directives=_sorted(node.directives),
            selection_set=node.selection_set,
        )


def _sorted(nodes: "Sequence[ArgumentNode] | Sequence[DirectiveNode] | None") -> Any:
    return tuple(sorted(nodes or (), key=lambda each: each.name.value))


def _rank(node: SelectionNode) -> int:
    match node:
        case FieldNode():
            return 0
        case InlineFragmentNode():
            return 1
        case _:
            return 2
