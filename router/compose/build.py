"""From SDL nodes to the model."""

from collections.abc import Callable, Iterable, Sequence

from graphql import (
    DirectiveDefinitionNode,
    DirectiveNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    NamedTypeNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    StringValueNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
)

from router.compose.model import (
    Applied,
    DirectiveDefinition,
    EnumType,
    EnumValue,
    Field,
    FieldsType,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    TypeDefinition,
    UnionType,
)
from router.federation.type_ref import type_ref
from router.federation.values import MISSING, value_of

Rename = Callable[[str], str]
Meaning = Callable[[str], str | None]
TypeNode = TypeDefinitionNode | TypeExtensionNode


class Builder:
    """Makes elements out of nodes, under the names and meanings of one schema."""

    def __init__(self, rename: Rename, meaning: Meaning) -> None:
        self._rename = rename
        self._meaning = meaning
        self._extension: Node | None = None

    def new_type(self, node: TypeNode) -> TypeDefinition:
        """An empty type of the kind that `node` declares."""
        name = self._rename(node.name.value)
        match node:
            case ScalarTypeDefinitionNode() | ScalarTypeExtensionNode():
                return ScalarType(name=name, coordinate=name)
            case ObjectTypeDefinitionNode() | ObjectTypeExtensionNode():
                return ObjectType(name=name, coordinate=name)
            case InterfaceTypeDefinitionNode() | InterfaceTypeExtensionNode():
                return InterfaceType(name=name, coordinate=name)
            case UnionTypeDefinitionNode() | UnionTypeExtensionNode():
                return UnionType(name=name, coordinate=name)
            case EnumTypeDefinitionNode() | EnumTypeExtensionNode():
                return EnumType(name=name, coordinate=name)
            case _:
                return InputType(name=name, coordinate=name)

    def declare(self, type_: TypeDefinition, node: TypeNode) -> None:
        """Add what `node` says of `type_`; the first declaration of a part wins."""
        if isinstance(node, TypeExtensionNode):
            self._extension = node
            type_.extensions.append(node)
        else:
            self._extension = None
            type_.defined = True
        if type_.node is None or isinstance(node, TypeDefinitionNode):
            type_.node = node
        description = _text(getattr(node, "description", None))
        type_.description = type_.description if description is None else description
        type_.directives.extend(self.applied(node.directives))
        self._declare_parts(type_, node)
        self._extension = None

    def _declare_parts(self, type_: TypeDefinition, node: TypeNode) -> None:
        match type_, node:
            case (ObjectType() | InterfaceType(), _) if isinstance(
                node,
                ObjectTypeDefinitionNode
                | ObjectTypeExtensionNode
                | InterfaceTypeDefinitionNode
                | InterfaceTypeExtensionNode,
            ):
                for each in node.fields or ():
                    type_.fields.setdefault(each.name.value, self._field(type_, each))
                self._names(type_.interfaces, node.interfaces or ())
            case (UnionType(), UnionTypeDefinitionNode() | UnionTypeExtensionNode()):
                self._names(type_.members, node.types or ())
            case (EnumType(), EnumTypeDefinitionNode() | EnumTypeExtensionNode()):
                self._values(type_, node)
            case (InputType(), InputObjectTypeDefinitionNode() | InputObjectTypeExtensionNode()):
                for each in node.fields or ():
                    type_.fields.setdefault(each.name.value, self.input_value(f"{type_.name}.{each.name.value}", each))
            case _:
                return

    def _names(self, into: dict[str, Node | None], nodes: Iterable[NamedTypeNode]) -> None:
        for node in nodes:
            into.setdefault(self._rename(node.name.value), node)

    def _values(self, type_: EnumType, node: EnumTypeDefinitionNode | EnumTypeExtensionNode) -> None:
        for each in node.values or ():
            name = each.name.value
            type_.values.setdefault(
                name,
                EnumValue(
                    name=name,
                    coordinate=f"{type_.name}.{name}",
                    description=_text(each.description),
                    directives=self.applied(each.directives),
                    node=each,
                ),
            )

    def _field(self, parent: FieldsType, node: FieldDefinitionNode) -> Field:
        name = node.name.value
        coordinate = f"{parent.name}.{name}"
        return Field(
            name=name,
            coordinate=coordinate,
            description=_text(node.description),
            directives=self.applied(node.directives),
            node=node,
            parent=parent.name,
            type=type_ref(node.type, self._rename),
            arguments=self._arguments(coordinate, node.arguments),
            extension=self._extension,
        )

    def _arguments(self, coordinate: str, nodes: Sequence[InputValueDefinitionNode] | None) -> dict[str, InputValue]:
        found: dict[str, InputValue] = {}
        for node in nodes or ():
            name = node.name.value
            if name not in found:
                found[name] = self.input_value(f"{coordinate}({name}:)", node)
        return found

    def input_value(self, coordinate: str, node: InputValueDefinitionNode) -> InputValue:
        return InputValue(
            name=node.name.value,
            coordinate=coordinate,
            description=_text(node.description),
            directives=self.applied(node.directives),
            node=node,
            type=type_ref(node.type, self._rename),
            default=MISSING if node.default_value is None else value_of(node.default_value),
        )

    def directive(self, node: DirectiveDefinitionNode, name: str) -> DirectiveDefinition:
        """The definition that `node` spells, called `name`."""
        coordinate = f"@{name}"
        return DirectiveDefinition(
            name=name,
            coordinate=coordinate,
            description=_text(node.description),
            node=node,
            arguments=self._arguments(coordinate, node.arguments),
            locations=tuple(location.value for location in node.locations),
            repeatable=node.repeatable,
        )

    def applied(self, nodes: Sequence[DirectiveNode] | None, extension: Node | None = None) -> list[Applied]:
        """The applications that `nodes` spell, in their order."""
        return [
            Applied(
                name=node.name.value,
                arguments={argument.name.value: value_of(argument.value) for argument in node.arguments or ()},
                meaning=self._meaning(node.name.value),
                node=node,
                extension=extension or self._extension,
            )
            for node in nodes or ()
        ]


def _text(node: StringValueNode | None) -> str | None:
    return None if node is None else node.value
