"""REQUIRES_INVALID_FIELDS, across subgraphs: a requirement whose arguments the resolving subgraph does not take.

A subgraph may declare an external field with arguments of its liking; the supergraph has those all subgraphs know.
"""

from collections.abc import Iterator

from graphql import ArgumentNode, FieldNode, InlineFragmentNode, SelectionSetNode

from router.compose.merge.context import Merge
from router.compose.model import Applied, CompositeType, Field, FieldsType
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.field_sets import parse_field_set
from router.federation.type_ref import base_name


def check(merge: Merge) -> Iterator[CompositionError]:
    """Read every `@requires` against the supergraph."""
    for subgraph in merge.subgraphs:
        for type_ in subgraph.schema.with_fields():
            start = merge.supergraph.composite(type_.name)
            for field in type_.fields.values():
                for applied in field.applied("requires"):
                    fields = applied.arguments.get("fields")
                    if start is not None and isinstance(fields, str):
                        for why in _check(merge, start, parse_field_set(fields)):
                            yield _error(subgraph, field, applied, why)


def _error(subgraph: SubgraphSchema, field: Field, applied: Applied, why: str) -> CompositionError:
    return CompositionError(
        ErrorCode.REQUIRES_INVALID_FIELDS,
        f'@{applied.name}(fields: "{applied.arguments.get("fields")}") on "{field.coordinate}": {why}.',
        locations(applied.node),
        subgraph.name,
    )


def _check(merge: Merge, type_: CompositeType, selections: SelectionSetNode) -> Iterator[str]:
    schema = merge.supergraph
    for selection in selections.selections:
        if isinstance(selection, InlineFragmentNode):
            condition = selection.type_condition
            inner = type_ if condition is None else schema.composite(condition.name.value)
            if inner is not None:
                yield from _check(merge, inner, selection.selection_set)
        elif isinstance(selection, FieldNode):
            field = type_.fields.get(selection.name.value) if isinstance(type_, FieldsType) else None
            if field is None:
                continue
            yield from _check_arguments(field, selection.arguments or ())
            inner = schema.composite(base_name(field.type))
            if inner is not None and selection.selection_set is not None:
                yield from _check(merge, inner, selection.selection_set)


def _check_arguments(field: Field, nodes: tuple[ArgumentNode, ...]) -> Iterator[str]:
    given = {node.name.value for node in nodes}
    for name in sorted(given - field.arguments.keys()):
        yield f'some subgraph resolving "{field.coordinate}" does not take its argument "{name}"'
    for name, argument in field.arguments.items():
        if argument.required and name not in given:
            yield f'"{argument.coordinate}" is required by a subgraph resolving it, and missing'
