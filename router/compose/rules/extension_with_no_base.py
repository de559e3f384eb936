"""EXTENSION_WITH_NO_BASE: a type that is extended but nowhere defined."""

from collections.abc import Mapping

from router.compose.merge.context import Merge
from router.compose.model import TypeDefinition
from router.federation.errors import ErrorCode


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
