"""EXTENSION_WITH_NO_BASE: a type that is extended but nowhere defined."""

from collections.abc import Iterator, Mapping, Sequence

from router.compose.merge.context import Merge
from router.compose.model import TypeDefinition
from router.compose.subgraph import SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, locations


def check(merge: Merge, sources: Mapping[int, TypeDefinition], into: TypeDefinition) -> None:
    """Root types need no base, all others do."""
    if merge.supergraph.is_root(into) or any(source.defined for source in sources.values()):
        return
    for index, source in sources.items():
        if source.extensions:
            merge.error(
                ErrorCode.EXTENSION_WITH_NO_BASE,
                f'Type "{into.name}" is extended, but no subgraph defines it. Write "type" instead of "extend type" in '
                "one of them.",
                source.extensions[:1],
                merge.name(index),
            )


def check_federation_1(subgraph: SubgraphSchema, everyone: Sequence[SubgraphSchema]) -> Iterator[CompositionError]:
    """Federation 1 forgets on upgrading what is an extension, so that it is looked at before."""
    for type_ in subgraph.schema.with_fields():
        extends = type_.has("extends") or (bool(type_.extensions) and not type_.defined)
        if not extends or subgraph.schema.is_root(type_):
            continue
        others = (other.schema.fields_type(type_.name) for other in everyone if other is not subgraph)
        if not any(other is not None and other.defined for other in others):
            yield CompositionError(
                ErrorCode.EXTENSION_WITH_NO_BASE,
                f'Type "{type_.name}" is extended, but no subgraph defines it.',
                locations(*(type_.extensions[:1] or [type_.node])),
            )
