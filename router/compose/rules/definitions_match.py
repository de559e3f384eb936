"""DIRECTIVE_DEFINITION_INVALID and TYPE_DEFINITION_INVALID: a subgraph that defines a feature's elements otherwise.

A subgraph may repeat what a feature defines, and say less: fewer locations, stricter arguments.
"""

from collections.abc import Iterator, Mapping

from graphql import specified_directives

from router.compose.model import (
    DirectiveDefinition,
    InputType,
    InputValue,
    ScalarType,
    Schema,
    TypeDefinition,
    is_written,
)
from router.compose.read import defined_by_features
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import ListOf, Named, NonNull, TypeRef, nullable
from router.federation.values import MISSING, Missing, Value, print_value, same_value

_OF_GRAPHQL = frozenset(directive.name for directive in specified_directives)


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Compare what the subgraph defines with what its features do."""
    expected = defined_by_features(subgraph.links)
    for name, type_ in expected.types.items():
        yield from _check_type(subgraph.schema.types[name], type_)
    for name, definition in expected.directives.items():
        actual = subgraph.schema.directives[name]
        if name in _OF_GRAPHQL:
            yield _error(actual, f"\"@{name}\" is GraphQL's own directive: import the feature's by another name")
        elif is_written(actual):
            yield from _check_directive(subgraph.schema, actual, definition)


def _check_type(actual: TypeDefinition, expected: TypeDefinition) -> Iterator[CompositionError]:
    if type(actual) is not type(expected):
        yield _type_error(actual, f'"{actual.name}" must be a {expected.kind}, and is defined as a {actual.kind}')
    elif isinstance(actual, InputType) and isinstance(expected, InputType):
        for name in actual.fields.keys() - expected.fields.keys():
            yield _type_error(actual, f'"{actual.name}" has an unknown field "{name}"')
        for name, field in expected.fields.items():
            if name not in actual.fields and field.required:
                yield _type_error(actual, f'"{actual.name}" lacks its field "{name}"')


def _type_error(actual: TypeDefinition, message: str) -> CompositionError:
    return CompositionError(ErrorCode.TYPE_DEFINITION_INVALID, f"{message}.", locations(actual.node))


def _check_directive(
    schema: Schema, actual: DirectiveDefinition, expected: DirectiveDefinition
) -> Iterator[CompositionError]:
    if actual.repeatable and not expected.repeatable:
        yield _error(actual, f'"{actual.coordinate}" must not be repeatable')
    extra = [location for location in actual.locations if location not in expected.locations]
    if extra:
        allowed = ", ".join(expected.locations)
        yield _error(actual, f'"{actual.coordinate}" must stand on {allowed} only, not on {", ".join(extra)}')
    yield from _check_arguments(schema, actual, expected.arguments)


def _check_arguments(
    schema: Schema, actual: DirectiveDefinition, expected: Mapping[str, InputValue]
) -> Iterator[CompositionError]:
    for name, argument in expected.items():
        own = actual.arguments.get(name)
        if own is None:
            if argument.required:
                yield _error(actual, f'"{actual.coordinate}" lacks its argument "{name}"')
        elif not _same_or_stricter(schema, own.type, argument.type):
            yield _error(actual, f'"{own.coordinate}" must have type "{argument.type}", not "{own.type}"')
        elif not isinstance(own.type, NonNull) and not same_value(own.default, argument.default):
            yield _error(actual, f'"{own.coordinate}" must have {_shown(argument.default)}, not {_shown(own.default)}')
    for name in actual.arguments.keys() - expected.keys():
        yield _error(actual, f'"{actual.coordinate}" has an unknown argument "{name}"')


def _error(actual: DirectiveDefinition, message: str) -> CompositionError:
    return CompositionError(ErrorCode.DIRECTIVE_DEFINITION_INVALID, f"{message}.", locations(actual.node))


def _shown(default: Value | Missing) -> str:
    return "no default value" if default is MISSING else f"the default value {print_value(default)}"


def _same_or_stricter(schema: Schema, actual: TypeRef, expected: TypeRef) -> bool:
    if not isinstance(expected, NonNull):
        actual = nullable(actual)
    return actual == expected or _redefines(schema, actual, expected)


def _redefines(schema: Schema, actual: TypeRef, expected: TypeRef) -> bool:
    """Whether something else than a scalar of one's own stands for a feature's scalar: `String` for `FieldSet`."""
    match actual, expected:
        case NonNull(of=one), NonNull(of=other):
            return _redefines(schema, one, other)
        case ListOf(of=one), ListOf(of=other):
            return _redefines(schema, one, other)
        case _, Named(name=name):
            own = schema.types.get(str(actual))
            return isinstance(schema.types.get(name), ScalarType) and not isinstance(own, ScalarType)
        case _:
            return False
