"""Relay connections: the GraphQL shapes of keyset pagination."""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import strawberry

from shared.graphql.pagination import PageRequest

NodeT = TypeVar("NodeT")
RowT = TypeVar("RowT")


@strawberry.federation.type(shareable=True, description="Where a page of a connection lies.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class Edge(Generic[NodeT]):
    """A node and the cursor after which the next page starts."""

    node: NodeT
    cursor: str


@strawberry.type
class Connection(Generic[NodeT]):
    """One page of a list."""

    edges: list[Edge[NodeT]]
    page_info: PageInfo


def connect(
    rows: Sequence[RowT],
    page: PageRequest[Any],
    *,
    node: Callable[[RowT], NodeT],
    cursor: Callable[[RowT], str],
) -> Connection[NodeT]:
    """Wrap the rows a store read for `page`.

    Args:
        rows: up to ``page.limit`` rows in order; the one beyond ``page.first`` only says that more follow.
        page: what was asked for.
        node: the GraphQL object of a row.
        cursor: the cursor of a row.
    """
    edges = [Edge(node=node(row), cursor=cursor(row)) for row in rows[: page.first]]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=len(rows) > page.first,
            has_previous_page=page.after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
    )
