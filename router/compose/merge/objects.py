"""Merge object types."""

from router.compose.hints import HintCode
from router.compose.merge.context import Merge, Sources, present
from router.compose.merge.fields import field_sources, merge_field
from router.compose.merge.override import merge_overrides
from router.compose.model import Field, FieldsType, InterfaceType, ObjectType
from router.compose.rules import invalid_field_sharing


def merge_object(merge: Merge, sources: dict[int, FieldsType], into: ObjectType) -> None:
    """Merge every field that any subgraph declares."""
    is_entity = _is_entity(merge, sources, into)
    is_value_type = not is_entity and not merge.supergraph.is_root(into)
    for field, found in field_sources(merge, sources, into):
        if is_value_type:
            hint_on_partial_field(merge, sources, into, field)
        overrides = merge_overrides(merge, found, field)
        if merge.supergraph.roots.get("subscription") == into.name:
            invalid_field_sharing.check_subscription(merge, found, field)
        merge_field(merge, found, field, overrides)
        invalid_field_sharing.check(merge, found, field, overrides)


def _is_entity(merge: Merge, sources: Sources[FieldsType], into: ObjectType) -> bool:
    keyed = {index: source.has("key") for index, source in present(sources).items()}
    if any(keyed.values()) and not all(keyed.values()):
        having = [index for index, has_key in keyed.items() if has_key]
        lacking = [index for index, has_key in keyed.items() if not has_key]
        merge.hint(
            HintCode.INCONSISTENT_ENTITY,
            f'Type "{into.name}" has a @key in {merge.names(having)} but none in {merge.names(lacking)}.',
        )
    return any(keyed.values())


def hint_on_partial_field(merge: Merge, sources: Sources[FieldsType], into: FieldsType, field: Field) -> None:
    """Tell of a field that some subgraphs having the value type do not have."""
    for index, source in present(sources).items():
        if merge.is_interface_object(index, into.name) or field.name in source.fields:
            continue
        if all(merge.is_external(index, each) for each in source.fields.values()):
            continue
        if isinstance(into, InterfaceType) and merge.provided_by_interface_object(into.name, field.name):
            continue
        code = (
            HintCode.INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD
            if isinstance(into, InterfaceType)
            else HintCode.INCONSISTENT_OBJECT_VALUE_TYPE_FIELD
        )
        shown = merge.presence(sources, lambda source: field.name in source.fields)
        merge.hint(code, f'Field "{field.coordinate}" is not in all subgraphs that have "{into.name}": {shown}.')
        return
