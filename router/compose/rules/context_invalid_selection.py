"""CONTEXT_INVALID_SELECTION: what a context is asked for is one value, wherever it is set.

Source: https://specs.apollo.dev/context/v0.1
"""

from collections.abc import Iterator, Sequence

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionNode, SelectionSetNode

from router.compose.model import CompositeType, Field, FieldsType, InputValue, ObjectType, Schema
from router.compose.subgraph import SubgraphSchema
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import ListOf, Named, NonNull, TypeRef, base_name


class _RefusedError(Exception):
    """Why a selection yields no one value."""


def check(subgraph: SubgraphSchema, starts: Sequence[CompositeType], text: str, argument: InputValue) -> Iterator[str]:
    """What is wrong with the selection `text` for `argument`, from each type that sets the context."""
    try:
        selections = parse_field_set(text)
        fragments = _fragments(selections)
    except GraphQLSyntaxError as error:
        yield _message(argument, f"does not parse: {error.message.removesuffix('.')}")
    except _RefusedError as refused:
        yield _message(argument, str(refused))
    else:
        for start in starts:
            for type_, selected in _of(subgraph.schema, start, selections, fragments):
                yield from _check_value(subgraph.schema, type_, selected, argument)
        yield from (_message(argument, why) for why in _mismatches(subgraph.schema, starts, fragments))


def _message(argument: InputValue, why: str) -> str:
    return f'The selection of "{argument.coordinate}" {why}'


def _fragments(selections: SelectionSetNode) -> dict[str, InlineFragmentNode]:
    """The fragments on types that are selected, none where it is one field."""
    fragments = [each for each in selections.selections if isinstance(each, InlineFragmentNode)]
    if len(fragments) != len(selections.selections):
        if len(selections.selections) > 1:
            raise _RefusedError("selects several fields: select one, or fragments on types alone")
        return {}
    named = {each.type_condition.name.value: each for each in fragments if each.type_condition is not None}
    if len(named) != len(fragments):
        raise _RefusedError("has fragments without a type, or several on one: write one for each type")
    return named


def _of(
    schema: Schema, start: CompositeType, selections: SelectionSetNode, fragments: dict[str, InlineFragmentNode]
) -> Iterator[tuple[CompositeType, SelectionSetNode]]:
    """What is selected of which type, where the context is set by `start`."""
    if not fragments:
        yield start, selections
    for type_ in schema.runtime_types(start):
        if type_.name in fragments:
            yield type_, fragments[type_.name].selection_set


def _mismatches(
    schema: Schema, starts: Sequence[CompositeType], fragments: dict[str, InlineFragmentNode]
) -> Iterator[str]:
    """Fragments on what never sets the context, and types that set it and have no fragment."""
    if not fragments:
        return
    possible = {start.name: {each.name for each in schema.runtime_types(start)} for start in starts}
    for name in fragments.keys() - set[str]().union(*possible.values()):
        yield f'has a fragment on "{name}", which is no object that sets the context'
    for start, names in possible.items():
        if not names & fragments.keys():
            yield f'has no fragment on "{start}", which sets the context, too'


def _check_value(
    schema: Schema, type_: CompositeType, selections: SelectionSetNode, argument: InputValue
) -> Iterator[str]:
    try:
        value = _value(schema, type_, selections)
    except _RefusedError as refused:
        yield _message(argument, str(refused))
        return
    if value != argument.type:
        same = base_name(value) == base_name(argument.type)
        remedy = f'declare the argument as "{value}", as a context can lack it' if same else "select another field"
        yield _message(argument, f'is of type "{value}" from "{type_.name}", not "{argument.type}": {remedy}')


def _value(schema: Schema, type_: CompositeType, selections: SelectionSetNode) -> TypeRef:
    """The one type that all selections yield, null being always possible."""
    found = {_field_value(schema, type_, each) for each in selections.selections}
    if len(found) > 1:
        raise _RefusedError(f'selects fields of different types of "{type_.name}"')
    return found.pop()


def _field_value(schema: Schema, type_: CompositeType, node: SelectionNode) -> TypeRef:
    if not isinstance(node, FieldNode) or node.alias is not None or node.directives:
        raise _RefusedError("may hold plain fields only, but for fragments at its start")
    field = type_.fields.get(node.name.value) if isinstance(type_, FieldsType) else None
    if field is None or (isinstance(type_, ObjectType) and type_.has("interfaceObject")):
        raise _RefusedError(f'cannot select "{node.name.value}" of "{type_.name}"')
    _check_arguments(field, node)
    inner = schema.composite(base_name(field.type))
    if (inner is None) != (node.selection_set is None):
        raise _RefusedError(f'must select down to a leaf at "{field.coordinate}"')
    if inner is None or node.selection_set is None:
        return _listed(field.type, Named(base_name(field.type)))
    return _listed(field.type, _value(schema, inner, node.selection_set))


def _check_arguments(field: Field, node: FieldNode) -> None:
    given = {argument.name.value for argument in node.arguments or ()}
    required = {argument.name for argument in field.arguments.values() if argument.required}
    if given - field.arguments.keys() or required - given:
        raise _RefusedError(f'does not give "{field.coordinate}" the arguments it takes')


def _listed(outer: TypeRef, value: TypeRef) -> TypeRef:
    """`value`, in as many lists as `outer` has."""
    if isinstance(outer, NonNull):
        return _listed(outer.of, value)
    return ListOf(_listed(outer.of, value)) if isinstance(outer, ListOf) else value
