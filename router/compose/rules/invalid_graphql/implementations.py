"""Types implement the interfaces they name.

Source: https://spec.graphql.org/October2021/#IsValidImplementation()
"""

from collections.abc import Iterator

from router.compose.model import Field, FieldsType, InterfaceType, Schema
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.compose.subtypes import is_subtype
from router.federation.errors import CompositionError


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Compare each type with each of its interfaces."""
    yield from check_schema(subgraph.schema)


def check_schema(schema: Schema) -> Iterator[CompositionError]:
    """The same of any schema, a merged one for instance."""
    for type_ in schema.with_fields():
        for name in type_.interfaces:
            interface = schema.types.get(name)
            if name == type_.name:
                yield invalid(f'"{name}" cannot implement itself.', type_.node)
            elif isinstance(interface, InterfaceType):
                yield from _implements(schema, type_, interface)


def _implements(schema: Schema, type_: FieldsType, interface: InterfaceType) -> Iterator[CompositionError]:
    for name in interface.interfaces:
        if name == type_.name:
            yield invalid(f'"{type_.name}" and "{interface.name}" cannot implement each other.', type_.node)
        elif name not in type_.interfaces:
            yield invalid(
                f'"{type_.name}" must implement "{name}" too, as "{interface.name}" does.', type_.node, interface.node
            )
    for expected in interface.fields.values():
        field = type_.fields.get(expected.name)
        if field is None:
            yield invalid(
                f'"{type_.name}" must have "{expected.name}" of its interface "{interface.name}".', type_.node
            )
        else:
            yield from _fits(schema, field, expected)


def _fits(schema: Schema, field: Field, expected: Field) -> Iterator[CompositionError]:
    if not is_subtype(schema, field.type, expected.type):
        yield invalid(
            f'"{field.coordinate}" has type "{field.type}", which is no subtype of "{expected.type}" of its interface.',
            field.node,
            expected.node,
        )
    for name, argument in expected.arguments.items():
        own = field.arguments.get(name)
        if own is None:
            yield invalid(f'"{field.coordinate}" lacks argument "{name}" of its interface.', field.node, argument.node)
        elif own.type != argument.type:
            yield invalid(f'"{own.coordinate}" must have type "{argument.type}" of its interface.', own.node)
    for name, own in field.arguments.items():
        if own.required and name not in expected.arguments:
            yield invalid(f'"{own.coordinate}" is required but not an argument of its interface.', own.node)
