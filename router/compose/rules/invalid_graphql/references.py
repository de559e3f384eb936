"""Every type that is named exists, and is of a kind that fits its place.

Source: https://spec.graphql.org/October2021/#IsInputType(), #IsOutputType()
"""

from collections.abc import Iterator, Mapping

from graphql import (
    DirectiveDefinitionNode,
    EnumTypeExtensionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeExtensionNode,
)

from router.compose.model import (
    BUILT_IN_SCALARS,
    ROOT_NAMES,
    EnumType,
    Field,
    FieldsType,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    UnionType,
    elements,
)
from router.compose.read import FEDERATION_FIELDS
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.type_ref import base_name, type_ref

_KINDS: Mapping[type[Node], tuple[str, ...]] = {
    ObjectTypeExtensionNode: ("Object", "Interface"),
    InterfaceTypeExtensionNode: ("Interface", "Object"),
    InputObjectTypeExtensionNode: ("InputObject",),
    EnumTypeExtensionNode: ("Enum",),
    UnionTypeExtensionNode: ("Union",),
    ScalarTypeExtensionNode: ("Scalar",),
}
_TYPE_NODES = (TypeDefinitionNode, TypeExtensionNode)


def check_known(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Follow the type of each field and argument."""
    types = subgraph.schema.types
    yield from _machinery(subgraph)
    for element in elements(subgraph.schema):
        if isinstance(element, Field | InputValue):
            name = base_name(element.type)
            if name not in types and name not in BUILT_IN_SCALARS:
                yield invalid(f'"{element.coordinate}" has the unknown type "{name}".', element.node)


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at what kind of type each reference leads to."""
    for type_ in subgraph.schema.types.values():
        match type_:
            case ObjectType() | InterfaceType():
                yield from _fields(subgraph, type_)
            case UnionType():
                yield from _members(subgraph, type_)
            case InputType():
                for field in type_.fields.values():
                    yield from _input(subgraph, field)
            case _:
                continue
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            yield from _input(subgraph, argument)
    yield from _extensions(subgraph)
    yield from _roots(subgraph)


def _extensions(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """An extension is of the kind of what it extends; objects and interfaces may be taken for one another."""
    for type_ in subgraph.schema.types.values():
        for node in type_.extensions:
            kind = _KINDS[type(node)]
            if type_.kind not in kind:
                yield invalid(f'"{type_.name}" is a {type_.kind} and cannot be extended as {" or ".join(kind)}.', node)


def check_directives(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """A document that defines a directive defines its types, too: a feature's own come with its own directives."""
    definitions = subgraph.document.definitions
    written = {node.name.value for node in definitions if isinstance(node, _TYPE_NODES)}
    for node in definitions:
        for argument in (node.arguments or ()) if isinstance(node, DirectiveDefinitionNode) else ():
            name = base_name(type_ref(argument.type, str))
            if name not in written and name not in BUILT_IN_SCALARS:
                yield invalid(f'Argument "{argument.name.value}" has the unknown type "{name}".', argument)


def _machinery(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """A Federation 2 document that writes `_entities` or `_service` down defines their types, too."""
    if subgraph.is_federation_1:
        return
    types = {node.name.value: node for node in subgraph.document.definitions if isinstance(node, _TYPE_NODES)}
    query = types.get(ROOT_NAMES["query"])
    for field in getattr(query, "fields", None) or ():
        name = base_name(type_ref(field.type, str))
        if field.name.value in FEDERATION_FIELDS and name not in types and name not in BUILT_IN_SCALARS:
            yield invalid(f'"Query.{field.name.value}" has the unknown type "{name}".', field)


def _roots(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    definitions = subgraph.document.definitions
    types = {node.name.value: node for node in definitions if isinstance(node, _TYPE_NODES)}
    for node in definitions:
        for root in (
            (node.operation_types or ()) if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode) else ()
        ):
            kind, name = root.operation.value, root.type.name.value
            type_ = types.get(name)
            if type_ is None and name not in BUILT_IN_SCALARS:
                yield invalid(f'The {kind} root type "{name}" does not exist: define it in this subgraph.', root)
            elif not isinstance(type_, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
                yield invalid(f'The {kind} root type "{name}" must be an object.', root)
    query = subgraph.schema.types.get(ROOT_NAMES["query"])
    if query is not None and not isinstance(query, ObjectType):
        yield invalid(f'The type "{query.name}" must be an object, being the query root.', query.node)


def _fields(subgraph: SubgraphSchema, type_: FieldsType) -> Iterator[CompositionError]:
    types = subgraph.schema.types
    for field in type_.fields.values():
        name = base_name(field.type)
        if isinstance(types.get(name), InputType):
            yield invalid(f'"{field.coordinate}" cannot return the input "{name}".', field.node)
        for argument in field.arguments.values():
            yield from _input(subgraph, argument)
    for name, node in type_.interfaces.items():
        if name not in types:
            yield invalid(f'"{type_.name}" implements the unknown type "{name}".', node)
        elif not isinstance(types[name], InterfaceType):
            yield invalid(f'"{type_.name}" cannot implement "{name}", which is no interface.', node)


def _members(subgraph: SubgraphSchema, type_: UnionType) -> Iterator[CompositionError]:
    for name, node in type_.members.items():
        member = subgraph.schema.types.get(name)
        if member is None:
            yield invalid(f'Union "{type_.name}" includes the unknown type "{name}".', node)
        elif not isinstance(member, ObjectType):
            yield invalid(f'Union "{type_.name}" can only include objects, and "{name}" is none.', node)


def _input(subgraph: SubgraphSchema, element: InputValue) -> Iterator[CompositionError]:
    name = base_name(element.type)
    type_ = subgraph.schema.types.get(name)
    if type_ is not None and not isinstance(type_, ScalarType | EnumType | InputType):
        yield invalid(f'"{element.coordinate}" cannot take "{name}", which is no input type.', element.node)
