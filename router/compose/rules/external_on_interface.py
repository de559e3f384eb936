"""EXTERNAL_ON_INTERFACE: `@external` on a field that nothing resolves anyway."""

from collections.abc import Iterator

from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(subgraph: SubgraphSchema) -> Iterator[CompositionError]:
    """Only fields of objects are resolved here or elsewhere."""
    for type_ in subgraph.schema.interfaces():
        for field in type_.fields.values():
            if subgraph.facts.is_external(field):
                yield CompositionError(
                    ErrorCode.EXTERNAL_ON_INTERFACE,
                    f'"{field.coordinate}" is a field of an interface, which cannot be @external.',
                    locations(field.node),
                )
