"""Types have parts, and parts have names of their own.

Source: https://spec.graphql.org/October2021/#sec-Objects.Type-Validation and its like for each kind of type.
"""

from collections.abc import Iterator, Sequence

from router.compose.model import Element, EnumType, FieldsType, InputType, InputValue, TypeDefinition, UnionType
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError

_NO_ENUM_VALUES = frozenset({"true", "false", "null"})


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look for empty types and reserved names."""
    query = subgraph.schema.roots.get("query")
    for type_ in subgraph.schema.types.values():
        if type_.name.startswith("__"):
            yield invalid(
                f'The name "{type_.name}" is reserved: only introspection starts names with "__".', type_.node
            )
        if type_.name != query:
            yield from _emptiness(type_)
        match type_:
            case EnumType():
                yield from _enum(type_)
            case InputType():
                yield from _required_deprecated(list(type_.fields.values()))
                yield from _reserved(list(type_.fields.values()))
            case _ if isinstance(type_, FieldsType):
                for field in type_.fields.values():
                    yield from _reserved([field, *field.arguments.values()])
                    yield from _required_deprecated(list(field.arguments.values()))
            case _:
                continue
    for definition in subgraph.schema.directives.values():
        yield from _reserved([definition, *definition.arguments.values()])
        yield from _required_deprecated(list(definition.arguments.values()))


def _emptiness(type_: TypeDefinition) -> Iterator[CompositionError]:
    if isinstance(type_, FieldsType | InputType) and not type_.fields:
        yield invalid(f'"{type_.name}" must have fields.', type_.node)
    elif isinstance(type_, UnionType) and not type_.members:
        yield invalid(f'Union "{type_.name}" must have members.', type_.node)
    elif isinstance(type_, EnumType) and not type_.values:
        yield invalid(f'Enum "{type_.name}" must have values.', type_.node)


def _enum(type_: EnumType) -> Iterator[CompositionError]:
    for value in type_.values.values():
        if value.name in _NO_ENUM_VALUES:
            yield invalid(f'Enum "{type_.name}" cannot have the value "{value.name}".', value.node)
    yield from _reserved(list(type_.values.values()))


def _reserved(elements: Sequence[Element]) -> Iterator[CompositionError]:
    for element in elements:
        if element.name.startswith("__"):
            yield invalid(f'The name of "{element.coordinate}" is reserved: it starts with "__".', element.node)


def _required_deprecated(elements: list[InputValue]) -> Iterator[CompositionError]:
    for element in elements:
        if element.required and element.named("deprecated"):
            yield invalid(f'"{element.coordinate}" is required and cannot be deprecated.', element.node)
