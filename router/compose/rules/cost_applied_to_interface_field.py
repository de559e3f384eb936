"""COST_APPLIED_TO_INTERFACE_FIELD: a cost on a field that is never resolved as such."""

from collections.abc import Iterator

from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """An interface's field costs what the fields implementing it do."""
    for type_ in subgraph.schema.interfaces():
        for field in type_.fields.values():
            for applied in field.applied("cost"):
                yield CompositionError(
                    ErrorCode.COST_APPLIED_TO_INTERFACE_FIELD,
                    f'"{field.coordinate}" cannot have @{applied.name}: put it on the fields that implement it.',
                    locations(applied.node),
                )
