"""Connections and their cursors."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.errors import BadUserInput
from shared.graphql.pagination import Keyset
from shared.graphql.service import GraphQLService

BOOKS = """
query($first: Int! = 20, $after: String) {
  books(first: $first, after: $after) {
    edges { node { number } cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


class TestConnections:
    async def test_pages_follow_each_other_to_the_end(self, service: GraphQLService) -> None:
        seen: list[int] = []
        after: str | None = None
        pages: list[dict[str, Any]] = []
        while not pages or pages[-1]["hasNextPage"]:
            page = (await service.execute(BOOKS, {"first": 2, "after": after}))["data"]["books"]
            seen += [edge["node"]["number"] for edge in page["edges"]]
            pages.append(page["pageInfo"])
            after = page["pageInfo"]["endCursor"]
        assert seen == [1, 2, 3, 4, 5]
        assert [(each["hasPreviousPage"], each["hasNextPage"]) for each in pages] == [
            (False, True),
            (True, True),
            (True, False),
        ]

    async def test_an_empty_page_has_no_cursors(self, service: GraphQLService) -> None:
        last = (await service.execute(BOOKS))["data"]["books"]["pageInfo"]["endCursor"]
        page = (await service.execute(BOOKS, {"after": last}))["data"]["books"]
        assert page["edges"] == []
        assert page["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": True,
            "startCursor": None,
            "endCursor": None,
        }

    @pytest.mark.parametrize("first", [-1, 0, 101])
    async def test_a_page_size_out_of_bounds_is_refused(self, service: GraphQLService, first: int) -> None:
        answer = await service.execute(BOOKS, {"first": first})
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "first"}

    @pytest.mark.parametrize("after", ["", "?", "abc", "WyJ4Il0", "é", "W10", "A" * 5_000])
    async def test_a_foreign_cursor_is_refused(self, service: GraphQLService, after: str) -> None:
        answer = await service.execute(BOOKS, {"after": after})
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}


class TestKeyset:
    def test_a_cursor_gives_its_key_back(self) -> None:
        keyset = Keyset(tuple[datetime, UUID])
        key = (datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), UUID(int=7))
        assert keyset.page(1, keyset.cursor(key)).after == key

    def test_a_cursor_of_another_connection_is_refused(self) -> None:
        cursor = Keyset(tuple[int]).cursor((1,))
        with pytest.raises(BadUserInput):
            Keyset(tuple[datetime, UUID]).page(1, cursor)

    @pytest.mark.parametrize(
        "instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-02T03:04:05"]
    )
    def test_an_instant_no_database_can_compare_is_refused(self, instant: str) -> None:
        cursor = urlsafe_b64encode(f'["{instant}","{UUID(int=7)}"]'.encode()).decode()
        with pytest.raises(BadUserInput):
            Keyset(tuple[datetime, UUID]).page(1, cursor)

    def test_an_instant_is_read_in_utc(self) -> None:
        keyset = Keyset(tuple[datetime])
        cursor = urlsafe_b64encode(b'["2026-01-02T03:04:05+14:00"]').decode()
        assert keyset.page(1, cursor).after == (datetime(2026, 1, 1, 13, 4, 5, tzinfo=UTC),)

    def test_a_page_reads_one_row_more_than_it_shows(self) -> None:
        assert Keyset(tuple[int]).page(20, None).limit == 21
