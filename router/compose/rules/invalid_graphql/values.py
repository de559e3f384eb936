"""Constants fit the types they are given for.

Source: https://spec.graphql.org/October2021/#sec-Values-of-Correct-Type. As in the reference
implementations of composition, strings and enum values are one, and an input object may lack required fields.
"""

from collections.abc import Iterator

from router.compose.model import EnumType, InputType, InputValue, Schema, elements
from router.compose.rules.invalid_graphql.directives import definition_of
from router.compose.rules.invalid_graphql.refuse import invalid
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError
from router.federation.type_ref import ListOf, NonNull, TypeRef
from router.federation.values import MISSING, Value, print_value

_INT = range(-(2**31), 2**31)


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at default values and at arguments of directives."""
    yield from check_defaults(subgraph.schema)
    for element in elements(subgraph.schema):
        for applied in element.directives:
            definition = definition_of(subgraph, applied.name)
            for name, argument in definition.arguments.items() if definition else ():
                value = applied.arguments.get(name)
                if value is not None and not fits(subgraph.schema, value, argument.type):
                    shown = f"@{applied.name}({name}: {print_value(value)})"
                    yield invalid(
                        f'{shown} on "{element.coordinate}" does not fit its type "{argument.type}".', applied.node
                    )


def check_defaults(schema: Schema) -> Iterator[CompositionError]:
    """Look at default values."""
    of_directives = (argument for each in schema.directives.values() for argument in each.arguments.values())
    for element in (*of_directives, *elements(schema)):
        if not isinstance(element, InputValue) or element.default is MISSING:
            continue
        if not fits(schema, element.default, element.type):
            shown = print_value(element.default)
            yield invalid(
                f'The default value {shown} of "{element.coordinate}" does not fit its type "{element.type}".',
                element.node,
            )


def fits(schema: Schema, value: Value, ref: TypeRef) -> bool:
    """Whether a constant can be given for the type."""
    match ref:
        case NonNull(of=inner):
            return value is not None and fits(schema, value, inner)
        case _ if value is None:
            return True
        case ListOf(of=inner):
            items = value if isinstance(value, list) else [value]
            return all(fits(schema, item, inner) for item in items)
        case _:
            return _fits_named(schema, value, str(ref))


def _fits_named(schema: Schema, value: Value, name: str) -> bool:
    type_ = schema.types.get(name)
    if isinstance(type_, InputType):
        return (
            isinstance(value, dict)
            and value.keys() <= type_.fields.keys()
            and all(fits(schema, value[name], field.type) for name, field in type_.fields.items() if name in value)
        )
    if isinstance(type_, EnumType):
        return isinstance(value, str) and value in type_.values
    return _fits_scalar(value, name)


def _fits_scalar(value: Value, name: str) -> bool:
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    match name:
        case "Boolean":
            return isinstance(value, bool)
        case "Int":
            return is_integer and value in _INT
        case "Float":
            return is_integer or isinstance(value, float)
        case "String":
            return isinstance(value, str)
        case "ID":
            return isinstance(value, str) or is_integer
        case _:
            return True
