"""EXTERNAL_UNUSED: a field declared for nothing."""

from collections.abc import Iterator

from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Another subgraph's field is declared only where a directive or an interface needs it."""
    facts = subgraph.facts
    for type_ in subgraph.schema.with_fields():
        for field in type_.fields.values():
            if facts.is_external(field) and not facts.is_used(field):
                yield CompositionError(
                    ErrorCode.EXTERNAL_UNUSED,
                    f'"{field.coordinate}" is @external, but no @key, @requires, @provides or interface uses it. '
                    "Remove it, or remove @external if this subgraph resolves it.",
                    locations(field.node),
                )
