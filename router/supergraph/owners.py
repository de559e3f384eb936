"""What the oldest supergraphs leave unsaid: they join a field to the subgraph that owns it alone.

Other subgraphs know some of the same fields nevertheless: those of their keys, and those that they provide.

Source: https://specs.apollo.dev/join/v0.1
"""

from collections.abc import Mapping
from dataclasses import replace

from graphql import FieldNode, InlineFragmentNode, SelectionSetNode

from router.federation.field_sets import parse_field_set
from router.supergraph.model import JoinField, JoinType, Kind, TypeInfo

_RESOLVED = JoinField()
_PROVIDED = JoinField(external=True)


def complete(types: Mapping[str, TypeInfo]) -> None:
    """Join the fields of keys and of `@provides` to the subgraphs that say so."""
    for info in types.values():
        for subgraph, join in info.joins.items():
            for key in join.keys:
                _join(types, info, subgraph, parse_field_set(key.fields), _RESOLVED)
    for info in types.values():
        for field in tuple(info.fields.values()):
            for subgraph, join in field.joins.items():
                if join.provides is not None and field.type_name in types:
                    _join(types, types[field.type_name], subgraph, parse_field_set(join.provides), _PROVIDED)


def _join(
    types: Mapping[str, TypeInfo], info: TypeInfo, subgraph: str, selections: SelectionSetNode, join: JoinField
) -> None:
    """Join what is selected of a type, or of all types that it may turn out to be."""
    for each in (info, *_implementations(types, info)):
        for node in selections.selections:
            if isinstance(node, FieldNode):
                _join_field(types, each, subgraph, node, join)
    for node in selections.selections:
        if isinstance(node, InlineFragmentNode):
            name = info.name if node.type_condition is None else node.type_condition.name.value
            if name in types:
                _join(types, types[name], subgraph, node.selection_set, join)


def _join_field(types: Mapping[str, TypeInfo], info: TypeInfo, subgraph: str, node: FieldNode, join: JoinField) -> None:
    field = info.fields.get(node.name.value)
    if field is None:
        return
    info.joins.setdefault(subgraph, JoinType())
    if subgraph not in field.joins:
        info.fields[field.name] = replace(field, joins={**field.joins, subgraph: join})
    if node.selection_set is not None and field.type_name in types:
        _join(types, types[field.type_name], subgraph, node.selection_set, join)


def _implementations(types: Mapping[str, TypeInfo], info: TypeInfo) -> list[TypeInfo]:
    if info.kind is not Kind.INTERFACE:
        return []
    return [each for each in types.values() if info.name in each.interfaces and each.kind is Kind.OBJECT]
