"""CONTEXT_* and NO_CONTEXT_IN_SELECTION: contexts that are ill-named, never set, or that select no one value.

Source: https://specs.apollo.dev/context/v0.1
"""

from collections.abc import Iterator

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode

from router.compose.facts import parse_context
from router.compose.model import (
    Applied,
    CompositeType,
    Field,
    FieldsType,
    InputValue,
    InterfaceType,
    ObjectType,
    Schema,
)
from router.compose.subgraph import SubgraphSchema
from router.compose.subtypes import is_subtype
from router.federation.errors import CompositionError, ErrorCode, FederationError, locations
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import ListOf, NonNull, TypeRef, base_name
from router.federation.values import MISSING

_Contexts = dict[str, list[CompositeType]]


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Look at where contexts are set, then at where they are used."""
    contexts: _Contexts = {}
    for type_ in subgraph.schema.types.values():
        if isinstance(type_, CompositeType):
            for applied in type_.applied("context"):
                name = str(applied.arguments.get("name"))
                contexts.setdefault(name, []).append(type_)
                if not (name.isascii() and name.isalnum() and name[0].isalpha()):
                    why = f'"{name}" on "{type_.name}" is no name for a context: use letters and digits only'
                    yield _error(ErrorCode.CONTEXT_NAME_INVALID, applied, why)
    yield from _check_uses(subgraph, contexts)
    for definition in subgraph.schema.directives.values():
        for argument in definition.arguments.values():
            for applied in argument.applied("fromContext"):
                why = f'"{argument.coordinate}" is an argument of a directive, which no context reaches'
                yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)


def _check_uses(subgraph: SubgraphSchema, contexts: _Contexts) -> Iterator[CompositionError]:
    for type_ in subgraph.schema.with_fields():
        for field in type_.fields.values():
            for argument in field.arguments.values():
                for applied in argument.applied("fromContext"):
                    yield from _check_use(subgraph, contexts, type_, field, argument, applied)


def _error(code: ErrorCode, applied: Applied, why: str) -> CompositionError:
    return CompositionError(code, f"{why}.", locations(applied.node))


def _check_use(
    subgraph: SubgraphSchema,
    contexts: _Contexts,
    type_: FieldsType,
    field: Field,
    argument: InputValue,
    applied: Applied,
) -> Iterator[CompositionError]:
    if not isinstance(type_, ObjectType):
        why = f'"{argument.coordinate}" is on an abstract type, whose fields cannot take a context'
        yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
        return
    for name in type_.interfaces:
        interface = subgraph.schema.types.get(name)
        if isinstance(interface, InterfaceType) and field.name in interface.fields:
            why = f'"{field.coordinate}" implements a field of "{name}" and cannot take a context'
            yield _error(ErrorCode.CONTEXT_NOT_SET, applied, why)
    if argument.default is not MISSING:
        yield _error(ErrorCode.CONTEXT_NOT_SET, applied, f'"{argument.coordinate}" cannot have a default value, too')
    context, selection = parse_context(applied.arguments.get("field"))
    if not context or not selection.strip():
        why = f'"{argument.coordinate}" must name a context and select from it: "$context {{ field }}"'
        yield _error(ErrorCode.NO_CONTEXT_IN_SELECTION, applied, why)
        return
    if context not in contexts:
        yield _error(
            ErrorCode.CONTEXT_NOT_SET, applied, f'"{argument.coordinate}" uses "{context}", which is never set'
        )
    for start in contexts.get(context, ()):
        try:
            _check_selection(subgraph.schema, start, selection, argument)
        except FederationError as refused:
            yield from (_error(ErrorCode.CONTEXT_INVALID_SELECTION, applied, error.message) for error in refused.errors)
    if not any(key.arguments.get("resolvable") is not False for key in type_.applied("key")):
        why = f'"{type_.name}" takes a context and must have a resolvable @key, by which to reach it with one'
        yield _error(ErrorCode.CONTEXT_NO_RESOLVABLE_KEY, applied, why)


def _check_selection(schema: Schema, start: CompositeType, text: str, argument: InputValue) -> None:
    """Raise, where the selection does not yield one value of a fitting type."""
    try:
        selections = parse_field_set(text)
    except GraphQLSyntaxError as error:
        raise _invalid(argument, f"does not parse: {error.message}") from error
    for refs in _values(schema, start, selections, argument):
        expected = argument.type.of if isinstance(argument.type, NonNull) else argument.type
        actual = refs.of if isinstance(refs, NonNull) else refs
        if not is_subtype(schema, actual, expected):
            raise _invalid(argument, f'is of type "{refs}" from "{start.name}", not "{argument.type}"')


def _values(
    schema: Schema, type_: CompositeType, selections: SelectionSetNode, argument: InputValue
) -> Iterator[TypeRef]:
    """The types that a selection yields: one of a field, one for each fragment."""
    fragments = [each for each in selections.selections if isinstance(each, InlineFragmentNode)]
    if len(selections.selections) != 1 and len(fragments) != len(selections.selections):
        raise _invalid(argument, f'selects several fields of "{type_.name}"')
    if not fragments:
        yield _field_value(schema, type_, selections, argument)
        return
    for fragment in fragments:
        condition = fragment.type_condition
        inner = type_ if condition is None else schema.composite(condition.name.value)
        if inner is None:
            raise _invalid(argument, "has a fragment on an unknown type")
        possible = {each.name for each in schema.runtime_types(type_)}
        if possible & {each.name for each in schema.runtime_types(inner)}:
            yield from _values(schema, inner, fragment.selection_set, argument)


def _field_value(schema: Schema, type_: CompositeType, selections: SelectionSetNode, argument: InputValue) -> TypeRef:
    node = selections.selections[0]
    if not isinstance(node, FieldNode) or node.alias is not None or node.directives:
        raise _invalid(argument, "may hold plain fields and inline fragments only")
    field = type_.fields.get(node.name.value) if isinstance(type_, FieldsType) else None
    if field is None or (isinstance(type_, ObjectType) and type_.has("interfaceObject")):
        raise _invalid(argument, f'cannot select "{node.name.value}" of "{type_.name}"')
    inner = schema.composite(base_name(field.type))
    if (inner is None) != (node.selection_set is None):
        raise _invalid(argument, f'must select down to a leaf at "{field.coordinate}"')
    if inner is None or node.selection_set is None:
        return _unwrapped(field.type, field.type)
    found = list(_values(schema, inner, node.selection_set, argument))
    if len({str(ref) for ref in found}) != 1:
        raise _invalid(argument, f'selects no one type below "{field.coordinate}"')
    return _unwrapped(field.type, found[0])


def _unwrapped(outer: TypeRef, value: TypeRef) -> TypeRef:
    """`value`, in as many lists as `outer` has; nullability is the client's concern."""
    if isinstance(outer, NonNull):
        return _unwrapped(outer.of, value)
    if isinstance(outer, ListOf):
        return ListOf(_unwrapped(outer.of, value))
    return value.of if isinstance(value, NonNull) else value


def _invalid(argument: InputValue, why: str) -> FederationError:
    message = f'The selection of "{argument.coordinate}" {why}'
    return FederationError([CompositionError(ErrorCode.CONTEXT_INVALID_SELECTION, message)])
