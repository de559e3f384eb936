"""Leave out of a field set what the subgraph resolves by itself."""

from graphql import FieldNode, InlineFragmentNode, SelectionNode, SelectionSetNode

from router.compose.model import CompositeType, Field, FieldsType, InterfaceType
from router.compose.subgraph import SubgraphSchema
from router.federation.field_sets import print_field_set
from router.federation.type_ref import base_name


def without_inactive_fields(subgraph: SubgraphSchema, start: CompositeType, selections: SelectionSetNode) -> str | None:
    """The external fields among `selections`, as a field set; None where there is none."""
    kept = _narrow(subgraph, start, selections)
    return None if kept is None else print_field_set(kept)


def _narrow(subgraph: SubgraphSchema, start: CompositeType, selections: SelectionSetNode) -> SelectionSetNode | None:
    kept: list[SelectionNode] = []
    changed = False
    for selection in selections.selections:
        narrowed = _narrow_selection(subgraph, start, selection)
        changed = changed or narrowed is not selection
        if narrowed is not None:
            kept.append(narrowed)
    if not kept:
        return None
    return SelectionSetNode(selections=tuple(kept)) if changed else selections


def _narrow_selection(subgraph: SubgraphSchema, start: CompositeType, selection: SelectionNode) -> SelectionNode | None:
    if isinstance(selection, FieldNode):
        field = start.fields.get(selection.name.value) if isinstance(start, FieldsType) else None
        if field is None or _is_active(subgraph, field):
            return selection
        inner, inside = selection.selection_set, subgraph.schema.composite(base_name(field.type))
        narrowed = _narrow(subgraph, inside, inner) if inner is not None and inside is not None else None
        if narrowed is None or narrowed is inner:
            return None if narrowed is None else selection
        return FieldNode(name=selection.name, arguments=selection.arguments, selection_set=narrowed)
    if isinstance(selection, InlineFragmentNode):
        condition = selection.type_condition
        inside = start if condition is None else subgraph.schema.composite(condition.name.value)
        narrowed = _narrow(subgraph, inside, selection.selection_set) if inside is not None else selection.selection_set
        if narrowed is None or narrowed is selection.selection_set:
            return None if narrowed is None else selection
        return InlineFragmentNode(type_condition=condition, selection_set=narrowed)
    return selection


def _is_active(subgraph: SubgraphSchema, field: Field) -> bool:
    """Whether the field, or one that implements it, is another subgraph's."""
    if subgraph.facts.is_external(field):
        return True
    owner = subgraph.schema.types.get(field.parent)
    if not isinstance(owner, InterfaceType):
        return False
    implementations = (type_.fields.get(field.name) for type_ in subgraph.schema.runtime_types(owner))
    return any(each is not None and subgraph.facts.is_external(each) for each in implementations)
