"""QUERY_ROOT_TYPE_INACCESSIBLE: a graph without queries."""

from collections.abc import Iterator

from router.compose.rules.inaccessible.visible import Visible, is_hidden
from router.federation.errors import CompositionError, ErrorCode


def check(visible: Visible) -> Iterator[CompositionError]:
    """Clients must see the query root."""
    query = visible.schema.types.get(visible.schema.roots.get("query", ""))
    if query is not None and is_hidden(query):
        message = f'"{query.name}" is the query root and cannot be @inaccessible. Hide its fields instead.'
        yield visible.error(ErrorCode.QUERY_ROOT_TYPE_INACCESSIBLE, message, query)
