"""KEY_, REQUIRES_ and PROVIDES_INVALID_FIELDS, and …_INVALID_FIELDS_TYPE: a field set that selects nothing sensible.

With KEY_FIELDS_SELECT_INVALID_TYPE, as whether a selection makes sense is found out in one walk.
"""

from graphql import FieldNode, GraphQLSyntaxError, InlineFragmentNode, SelectionSetNode, StringValueNode

from router.compose.model import CompositeType, Field, FieldsType, InterfaceType, UnionType
from router.compose.rules.field_sets.application import Application
from router.compose.rules.invalid_graphql.directives import definition_of
from router.compose.rules.invalid_graphql.values import fits
from router.federation.errors import FederationError
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import base_name
from router.federation.values import value_of


def parse(application: Application) -> SelectionSetNode:
    """The selections of a field set, found to make sense.

    Raises:
        FederationError: with the one error that keeps it from being understood.

    """
    fields = application.applied.arguments.get("fields")
    if not isinstance(fields, str) or not _is_string(application):
        raise _refused(application, "INVALID_FIELDS_TYPE", 'a field set is a string, such as "id name"')
    try:
        selections = parse_field_set(fields)
    except GraphQLSyntaxError as error:
        raise _refused(
            application, "INVALID_FIELDS", f"it does not parse: {error.message.removesuffix('.')}"
        ) from error
    _check(application, application.start, selections)
    return selections


def _is_string(application: Application) -> bool:
    node = application.applied.node
    given = [argument for argument in (node.arguments or ()) if argument.name.value == "fields"] if node else []
    upgraded = application.subgraph.links.federation is not None and application.subgraph.links.federation.node is None
    return upgraded or all(isinstance(argument.value, StringValueNode) for argument in given)


def _refused(application: Application, suffix: str, message: str) -> FederationError:
    return FederationError([application.error(suffix, message)])


def _check(application: Application, type_: CompositeType, selections: SelectionSetNode) -> None:
    for selection in selections.selections:
        for directive in selection.directives or ():
            if definition_of(application.subgraph, directive.name.value) is None:
                raise _refused(application, "INVALID_FIELDS", f'"@{directive.name.value}" is no known directive')
        if isinstance(selection, FieldNode):
            _check_field(application, type_, selection)
        elif isinstance(selection, InlineFragmentNode):
            _check_fragment(application, type_, selection)
        else:
            raise _refused(application, "INVALID_FIELDS", "named fragments cannot be used in it")


def _check_field(application: Application, type_: CompositeType, node: FieldNode) -> None:
    name = node.name.value
    if node.alias is not None:
        raise _refused(application, "INVALID_FIELDS", f'"{node.alias.value}" is an alias, which has no place in it')
    if name == "__typename":
        if node.selection_set is not None:
            raise _refused(application, "INVALID_FIELDS", '"__typename" has no fields')
        return
    field = type_.fields.get(name) if isinstance(type_, FieldsType) else None
    if field is None:
        remedy = "add it to this subgraph, with @external if another one resolves it"
        raise _refused(application, "INVALID_FIELDS", f'"{type_.name}" has no field "{name}": {remedy}')
    _check_arguments(application, field, node)
    inner = application.subgraph.schema.composite(base_name(field.type))
    if application.meaning == "key" and isinstance(inner, InterfaceType | UnionType):
        message = (
            f'"{field.coordinate}" is of the {inner.kind.lower()} "{inner.name}", which a key cannot hold; leave it out'
        )
        raise _refused(application, "FIELDS_SELECT_INVALID_TYPE", message)
    if inner is None:
        if node.selection_set is not None:
            raise _refused(
                application, "INVALID_FIELDS", f'"{field.coordinate}" has no fields to select; leave its braces out'
            )
    elif node.selection_set is None:
        raise _refused(application, "INVALID_FIELDS", f'select fields of "{field.coordinate}", of type "{field.type}"')
    else:
        _check(application, inner, node.selection_set)


def _check_arguments(application: Application, field: Field, node: FieldNode) -> None:
    given = {argument.name.value: argument for argument in node.arguments or ()}
    for name, argument in given.items():
        declared = field.arguments.get(name)
        if declared is None:
            raise _refused(application, "INVALID_FIELDS", f'"{field.coordinate}" has no argument "{name}"')
        if not fits(application.subgraph.schema, value_of(argument.value), declared.type):
            raise _refused(application, "INVALID_FIELDS", f'the value of "{declared.coordinate}" does not fit its type')
    for name, declared in field.arguments.items():
        if declared.required and name not in given:
            raise _refused(application, "INVALID_FIELDS", f'"{declared.coordinate}" is required and missing')


def _check_fragment(application: Application, type_: CompositeType, node: InlineFragmentNode) -> None:
    schema = application.subgraph.schema
    inner: CompositeType | None = type_
    if node.type_condition is not None:
        name = node.type_condition.name.value
        inner = schema.composite(name)
        if inner is None:
            raise _refused(application, "INVALID_FIELDS", f'there is no type "{name}" with fields in this subgraph')
    _check(application, inner, node.selection_set)
