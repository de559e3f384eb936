"""REQUIRES_ and PROVIDES_FIELDS_MISSING_EXTERNAL: asking another subgraph for what this one resolves."""

from collections.abc import Iterator

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.compose.model import CompositeType, Field, FieldsType, InterfaceType
from router.compose.rules.field_sets.application import Application
from router.federation.errors import CompositionError
from router.federation.type_ref import base_name


def check(application: Application, selections: SelectionSetNode) -> Iterator[CompositionError]:
    """Each leaf, or something on the way to it, must be another subgraph's."""
    yield from _check(application, application.start, selections, inside_external=False)


def _check(
    application: Application, type_: CompositeType, selections: SelectionSetNode, *, inside_external: bool
) -> Iterator[CompositionError]:
    schema, facts = application.subgraph.schema, application.subgraph.facts
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = type_ if condition is None else schema.composite(condition.name.value)
            if inner is not None:
                yield from _check(application, inner, selection.selection_set, inside_external=inside_external)
        elif isinstance(selection, FieldNode):
            field = type_.fields.get(selection.name.value) if isinstance(type_, FieldsType) else None
            external = field is not None and facts.is_external(field)
            if selection.selection_set is None:
                if not external and not inside_external:
                    yield _error(application, field, f"{type_.name}.{selection.name.value}")
                continue
            inner = None if field is None else schema.composite(base_name(field.type))
            if field is not None and inner is not None:
                within = inside_external or external or _some_implementation_is_external(application, type_, field)
                yield from _check(application, inner, selection.selection_set, inside_external=within)


def _some_implementation_is_external(application: Application, type_: CompositeType, field: Field) -> bool:
    if not isinstance(type_, InterfaceType):
        return False
    implementations = (each.fields.get(field.name) for each in application.subgraph.schema.runtime_types(type_))
    return any(each is not None and application.subgraph.facts.is_external(each) for each in implementations)


def _error(application: Application, field: Field | None, coordinate: str) -> CompositionError:
    why = f'"{coordinate}" is resolved by this subgraph itself'
    if field is not None and application.subgraph.facts.is_fake_external(field):
        why += ": @external has no effect on key fields of an extension"
    return application.error("FIELDS_MISSING_EXTERNAL", f"{why}; leave it out, or mark it @external")
