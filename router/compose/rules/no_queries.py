"""NO_QUERIES: nothing to ask for."""

from router.compose.merge.context import Merge
from router.federation.errors import ErrorCode


def check(merge: Merge) -> None:
    """A supergraph needs a query root."""
    if "query" not in merge.supergraph.roots:
        merge.error(
            ErrorCode.NO_QUERIES, "No subgraph has a query: a supergraph needs at least one field of Query.", ()
        )
