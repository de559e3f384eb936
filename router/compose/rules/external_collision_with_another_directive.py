"""EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: `@external` beside a directive that makes no sense with it."""

from collections.abc import Iterator

from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """A field that is not resolved here brings nothing with it."""
    for type_ in subgraph.schema.with_fields():
        for field in type_.fields.values():
            if field.has("provides") and subgraph.facts.is_external(field):
                yield CompositionError(
                    ErrorCode.EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE,
                    f'"{field.coordinate}" is @external and cannot have @provides, not being resolved here.',
                    locations(field.node),
                )
