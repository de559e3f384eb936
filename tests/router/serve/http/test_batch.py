"""Several operations in one request are answered apart, and are no way around what holds for one."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from router.serve import Engine, Limits, create_app
from router.serve.http.config import HttpPolicy
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine

BOOK = {"data": {"book": {"id": "1"}}}
BOOK_QUERY = {"query": "{ book(id: 1) { id } }"}


@asynccontextmanager
async def client_of(engine: Engine, most: int = 3) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(engine, http=HttpPolicy(batch=most))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        yield client


async def send(engine: Engine, body: Any, most: int = 3) -> httpx2.Response:
    async with client_of(engine, most) as client:
        return await client.post("/graphql", json=body)


def code(payload: Any) -> str:
    return payload["errors"][0]["extensions"]["code"]


class TestAnswers:
    async def test_each_operation_has_its_answer_in_its_place(self, engine: Engine) -> None:
        named = {"query": "query A { whoami } query B { book(id: 2) { id } }", "operationName": "B"}
        renamed = {"query": "mutation($t: String!) { rename(id: 1, title: $t) { title } }", "variables": {"t": "x"}}
        response = await send(engine, [BOOK_QUERY, named, renamed])
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert response.json() == [
            BOOK,
            {"data": {"book": {"id": "2"}}},
            {"data": {"rename": {"title": "x"}}},
        ]

    @pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed"])
    async def test_who_takes_nothing_but_streams_gets_none_of_them(
        self, engine: Engine, subgraph: LibrarySubgraph, accept: str
    ) -> None:
        async with client_of(engine) as client:
            response = await client.post("/graphql", json=[BOOK_QUERY, BOOK_QUERY], headers={"accept": accept})
        assert response.status_code == 406
        assert code(response.json()) == "NOT_ACCEPTABLE"
        assert subgraph.library.seen == []

    async def test_a_list_of_one_is_answered_by_a_list(self, engine: Engine) -> None:
        assert (await send(engine, [BOOK_QUERY])).json() == [BOOK]

    @pytest.mark.parametrize(
        ("bad", "expected"),
        [
            ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
            ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
            ({"query": "query($id: ID!) { book(id: $id) { id } }"}, "BAD_USER_INPUT"),
            ({"query": "subscription { ticks(upTo: 1) }"}, "BAD_REQUEST"),
            ({}, "BAD_REQUEST"),
            ("text", "BAD_REQUEST"),
            ([BOOK_QUERY], "BAD_REQUEST"),
        ],
    )
    async def test_a_bad_one_does_not_harm_the_others(self, engine: Engine, bad: Any, expected: str) -> None:
        response = await send(engine, [BOOK_QUERY, bad, BOOK_QUERY])
        first, refused, last = response.json()
        assert (response.status_code, first, last) == (200, BOOK, BOOK)
        assert code(refused) == expected

    async def test_they_are_executed_at_the_same_time(self) -> None:
        subgraph, both = LibrarySubgraph(), asyncio.Barrier(2)

        async def meet(info: Any) -> str:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await both.wait()
            return "met"

        subgraph.library.slow = meet
        response = await send(library_engine(subgraph), [{"query": "{ slow }"}, {"query": "query A { slow }"}])
        assert response.json() == [{"data": {"slow": "met"}}] * 2


class TestLimits:
    async def test_there_are_none_unless_they_are_asked_for(self, engine: Engine, subgraph: LibrarySubgraph) -> None:
        response = await send(engine, [BOOK_QUERY], most=0)
        assert (response.status_code, code(response.json())) == (400, "BATCHING_NOT_ENABLED")
        assert subgraph.library.seen == []

    @pytest.mark.parametrize("size", [4, 1000])
    async def test_too_many_are_refused_before_any_is_looked_at(
        self, engine: Engine, subgraph: LibrarySubgraph, size: int
    ) -> None:
        response = await send(engine, [BOOK_QUERY] * size)
        assert (response.status_code, code(response.json())) == (400, "BATCH_LIMIT_EXCEEDED")
        assert subgraph.library.seen == []

    async def test_none_at_all_are_refused(self, engine: Engine) -> None:
        response = await send(engine, [])
        assert (response.status_code, code(response.json())) == (400, "BAD_REQUEST")

    async def test_what_holds_for_one_holds_for_each(self) -> None:
        engine = library_engine(LibrarySubgraph(), Limits(aliases=2))
        many = {"query": "{ a: whoami b: whoami c: whoami }"}
        first, second = (await send(engine, [many, BOOK_QUERY])).json()
        assert "errors" in first
        assert second == BOOK
