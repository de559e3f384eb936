"""Relay connections: the GraphQL shapes of keyset pagination."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry

from shared.graphql.pagination import MAX_PAGE_SIZE, PageRequest

NodeT = TypeVar("NodeT")
RowT = TypeVar("RowT")

First: TypeAlias = Annotated[int, strawberry.argument(description=f"How many to show: 1 to {MAX_PAGE_SIZE}.")]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Show what follows this cursor, the `endCursor` of the page before."),
]
"""The arguments of a connection field: ``first: First = 20, after: After = None``."""


@strawberry.federation.type(shareable=True, description="Where a page of a connection lies.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="More follow.")
    has_previous_page: bool = strawberry.field(description="The page does not start at the beginning.")
    start_cursor: str | None = strawberry.field(description="The first edge's; null on an empty page.")
    end_cursor: str | None = strawberry.field(
        description="The last edge's: give it as `after` to see the next page. Null on an empty page."
    )


@strawberry.type(description="One entry of a page.")
class Edge(Generic[NodeT]):
    """A node and the cursor after which the next page starts."""

    node: NodeT = strawberry.field(description="What is listed.")
    cursor: str = strawberry.field(description="Opaque; valid as `after` for the same list only.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[NodeT]):
    """One page of a list."""

    edges: list[Edge[NodeT]] = strawberry.field(description="The entries, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="Whether and where the list goes on.")


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
