"""TYPE_KIND_MISMATCH: a name that is an object here and something else there."""

from router.compose.merge.context import Merge
from router.federation.errors import ErrorCode


def check(merge: Merge) -> None:
    """Every subgraph must give a type the same kind, an interface object counting as an interface."""
    for name in merge.supergraph.types:
        kinds = {
            index: "Interface" if merge.is_interface_object(index, name) else source.kind
            for index, source in merge.source_types(name).items()
        }
        if len(set(kinds.values())) > 1:
            merge.error(
                ErrorCode.TYPE_KIND_MISMATCH,
                f'Type "{name}" has different kinds: it is {merge.by_subgraph(kinds, _article)}. Rename all but one.',
                (source.node for source in merge.source_types(name).values()),
            )


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "EIO" else f"a {kind}"
