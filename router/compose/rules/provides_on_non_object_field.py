"""PROVIDES_ON_NON_OBJECT_FIELD: `@provides` on a field whose value has no fields."""

from collections.abc import Iterator

from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations
from router.federation.type_ref import base_name


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Only objects, interfaces and unions bring fields with them."""
    for type_ in subgraph.schema.with_fields():
        for field in type_.fields.values():
            if field.has("provides") and subgraph.schema.composite(base_name(field.type)) is None:
                yield CompositionError(
                    ErrorCode.PROVIDES_ON_NON_OBJECT_FIELD,
                    f'"{field.coordinate}" cannot have @provides: its type "{field.type}" has no fields. Remove it.',
                    locations(field.node),
                )
