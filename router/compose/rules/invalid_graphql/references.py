"""Every type that is named exists, and is of a kind that fits its place.

Source: https://spec.graphql.org/October2021/#IsInputType(), #IsOutputType()
"""

from collections.abc import Iterator

from graphql import DirectiveDefinitionNode, TypeDefinitionNode, TypeExtensionNode

from router.compose.model import (
    BUILT_IN_SCALARS,
    EnumType,
    FieldsType,
    InputType,
    InputValue,
    InterfaceType,
    ObjectType,
    ScalarType,
    UnionType,
)
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.type_ref import base_name, type_ref


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Follow each reference."""
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
    yield from _directives(subgraph)
    yield from _roots(subgraph)


def _directives(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """A document that defines a directive defines its types, too: a feature's own come with its own directives."""
    definitions = subgraph.document.definitions
    written = {node.name.value for node in definitions if isinstance(node, TypeDefinitionNode | TypeExtensionNode)}
    for node in definitions:
        for argument in (node.arguments or ()) if isinstance(node, DirectiveDefinitionNode) else ():
            name = base_name(type_ref(argument.type, str))
            if name not in written and name not in BUILT_IN_SCALARS:
                yield invalid(f'Argument "{argument.name.value}" has the unknown type "{name}".', argument)
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            if base_name(argument.type) in subgraph.schema.types:
                yield from _input(subgraph, argument)


def _roots(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    for kind, name in subgraph.schema.roots.items():
        root = subgraph.schema.types.get(name)
        if root is None:
            yield invalid(f'The {kind} root type "{name}" does not exist.', subgraph.schema.itself.node)
        elif not isinstance(root, ObjectType):
            yield invalid(f'The {kind} root type "{name}" must be an object.', root.node)


def _fields(subgraph: SubgraphSchema, type_: FieldsType) -> Iterator[CompositionError]:
    types = subgraph.schema.types
    for field in type_.fields.values():
        name = base_name(field.type)
        if name not in types and name not in BUILT_IN_SCALARS:
            yield invalid(f'"{field.coordinate}" has the unknown type "{name}".', field.node)
        elif isinstance(types.get(name), InputType):
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
    if type_ is None:
        if name not in BUILT_IN_SCALARS:
            yield invalid(f'"{element.coordinate}" has the unknown type "{name}".', element.node)
    elif not isinstance(type_, ScalarType | EnumType | InputType):
        yield invalid(f'"{element.coordinate}" cannot take "{name}", which is no input type.', element.node)
