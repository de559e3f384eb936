"""A subgraph that misbehaves behind HTTP costs its own fields and coded errors, and nothing else."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from router.compose import Composed, Subgraph, compose
from router.execute import HttpTransport
from router.execute.json import JSONObject
from router.serve import Engine, GraphQLRequest, RequestContext
from tests.router.execute.raw_server import Script, raw_server, reply, saying, take_request

GOOD = """
    type Query { books: [Book!]! }
    type Book @key(fields: "id") { id: ID!  title: String! }
"""
BAD = """
    type Query { bestseller: Author }
    type Book @key(fields: "id") { id: ID!  pages: Int  author: Author }
    type Author { name: String  books: Int! }
"""
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])\n'
QUERY = "{ books { title pages author { name books } } bestseller { name } }"
BOOKS = [{"__typename": "Book", "id": str(each), "title": f"Book {each}"} for each in range(2)]
LIMIT = 100_000


async def good(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Knows two books."""
    while True:
        await take_request(reader)
        writer.write(reply(orjson.dumps({"data": {"books": BOOKS}})))
        await writer.drain()


@asynccontextmanager
async def router(bad: Script, patience: float) -> AsyncGenerator[Engine]:
    async with raw_server(good) as good_url, raw_server(bad) as bad_url:
        subgraphs = [Subgraph("good", good_url, LINK + GOOD), Subgraph("bad", bad_url, LINK + BAD)]
        composed = compose(subgraphs)
        assert isinstance(composed, Composed)
        transports = {
            "good": HttpTransport(good_url),
            "bad": HttpTransport(bad_url, timeout=patience, max_response_bytes=LIMIT),
        }
        engine = Engine.from_sdl(composed.supergraph_sdl, transports)
        yield engine
        await engine.aclose()


async def answer(bad: Script, *, patience: float = 60) -> tuple[JSONObject, list[JSONObject]]:
    """What the client gets: the good subgraph's data must be in it whatever the other one does."""
    async with router(bad, patience) as engine:
        response = await engine.execute(GraphQLRequest(QUERY), RequestContext())
    data = response.as_json()["data"]
    assert [each["title"] for each in data["books"]] == ["Book 0", "Book 1"]
    orjson.dumps(response.as_json())
    return data, response.errors


def codes(errors: list[JSONObject]) -> set[str]:
    return {each["extensions"]["code"] for each in errors}


def always(answer: bytes) -> Script:
    """Answers every request alike."""
    return saying(*[answer] * 9, hold=True)


def answering(root: Any, entities: Any, **more: Any) -> Script:
    """Answers root fields and entities, whatever the groups of entities are called."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            _, body = await take_request(reader)
            aliases = ["_entities", "_e0", "_e1"] if b"_entities" in body else ["bestseller"]
            value = entities if b"_entities" in body else root
            writer.write(reply(orjson.dumps({"data": dict.fromkeys(aliases, value), **more})))
            await writer.drain()

    return script


FAILURES: Mapping[str, tuple[bytes, str]] = {
    "not JSON": (reply(b"<html>"), "SUBGRAPH_MALFORMED_RESPONSE"),
    "half of it JSON": (reply(b'{"data": {"bestseller"'), "SUBGRAPH_MALFORMED_RESPONSE"),
    "not HTTP": (b"220 smtp.example.org\r\n", "SUBGRAPH_MALFORMED_RESPONSE"),
    "a list": (reply(b"[]"), "SUBGRAPH_MALFORMED_RESPONSE"),
    "nothing": (reply(b"{}"), "SUBGRAPH_MALFORMED_RESPONSE"),
    "data that is a list": (reply(b'{"data": []}'), "SUBGRAPH_MALFORMED_RESPONSE"),
    "errors that are none": (reply(b'{"data": null, "errors": [1]}'), "SUBGRAPH_MALFORMED_RESPONSE"),
    "errors without a list": (reply(b'{"errors": {"message": "x"}}'), "SUBGRAPH_MALFORMED_RESPONSE"),
    "a gigabyte": (reply(content_length=str(1 << 30)), "SUBGRAPH_MALFORMED_RESPONSE"),
    "brackets without end": (reply(b'{"data":' + b"[" * 50_000), "SUBGRAPH_MALFORMED_RESPONSE"),
    "a failure": (reply(b"Oops", head=b"HTTP/1.1 500 Internal Server Error"), "SUBGRAPH_UNREACHABLE"),
    "an error of its own": (reply(b'{"errors": [{"message": "no", "path": 1}]}'), "DOWNSTREAM_SERVICE_ERROR"),
}


class TestFailures:
    @pytest.mark.parametrize("answer_", FAILURES.values(), ids=FAILURES)
    async def test_what_is_no_response_costs_the_subgraphs_fields(self, answer_: tuple[bytes, str]) -> None:
        content, code = answer_
        data, errors = await answer(always(content))
        assert data["bestseller"] is None
        assert [(each["pages"], each["author"]) for each in data["books"]] == [(None, None)] * 2
        assert codes(errors) == {code}

    async def test_a_subgraph_that_never_answers_costs_the_timeout(self) -> None:
        data, errors = await answer(saying(hold=True), patience=0.1)
        assert data["bestseller"] is None
        assert codes(errors) == {"SUBGRAPH_TIMEOUT"}

    async def test_a_subgraph_that_hangs_up_is_unreachable(self) -> None:
        data, errors = await answer(saying())
        assert data["bestseller"] is None
        assert codes(errors) == {"SUBGRAPH_UNREACHABLE"}


class TestWrongData:
    @pytest.mark.parametrize(
        "entities",
        [
            pytest.param([], id="missing"),
            pytest.param([{"pages": 1}], id="one is missing"),
            pytest.param([{"pages": 1}] * 3, id="one too many"),
            pytest.param({"pages": 1}, id="no list"),
            pytest.param(1, id="a number"),
            pytest.param([1, "x"], id="no objects"),
            pytest.param(None, id="null"),
        ],
    )
    async def test_entities_that_do_not_fit_cost_their_fields(self, entities: Any) -> None:
        data, errors = await answer(answering({"name": "A"}, entities))
        assert data["bestseller"] == {"name": "A"}
        assert [(each["pages"], each["author"]) for each in data["books"]] == [(None, None)] * 2
        assert codes(errors) == {"SUBGRAPH_MALFORMED_RESPONSE"}

    @pytest.mark.parametrize("pages", ["many", 1.5, [1], {"a": 1}, True, 1 << 40])
    async def test_a_value_of_another_type_costs_itself(self, pages: Any) -> None:
        entities = [{"pages": pages, "author": {"name": "A", "books": 1}}, {"pages": 1, "author": None}]
        data, errors = await answer(answering({"name": "A"}, entities))
        assert [each["pages"] for each in data["books"]] == [None, 1]
        assert data["books"][0]["author"] == {"name": "A", "books": 1}
        assert codes(errors) == {"SUBGRAPH_MALFORMED_RESPONSE"}
        assert [each["path"] for each in errors] == [["books", 0, "pages"]]

    @pytest.mark.parametrize("author", [1, "x", [], [{"name": "A", "books": 1}]])
    async def test_something_else_than_an_object_costs_itself(self, author: Any) -> None:
        entities = [{"pages": 1, "author": author}, {"pages": 2, "author": None}]
        data, errors = await answer(answering({"name": "A"}, entities))
        assert [(each["pages"], each["author"]) for each in data["books"]] == [(1, None), (2, None)]
        assert codes(errors) == {"SUBGRAPH_MALFORMED_RESPONSE"}

    async def test_what_is_missing_where_it_must_not_be_is_said(self) -> None:
        entities = [{"pages": 1, "author": {"name": "A"}}, {"pages": 2, "author": {"books": None}}]
        data, errors = await answer(answering({"name": "A"}, entities))
        assert [(each["pages"], each["author"]) for each in data["books"]] == [(1, None), (2, None)]
        assert [each["path"] for each in errors] == [["books", each, "author", "books"] for each in range(2)]

    async def test_what_was_not_asked_for_is_not_passed_on(self) -> None:
        extra = {"id": "9", "title": "Another", "__typename": "Evil", "secret": 1}
        entities = [{**extra, "pages": 1, "author": {"name": "A", "books": 1, "secret": 1}}, None]
        data, _ = await answer(answering({"name": "A", "secret": 1}, entities, secret=1))
        assert data["bestseller"] == {"name": "A"}
        assert data["books"][0]["pages"] in {1, None}
        assert "secret" not in str(data)

    async def test_errors_with_paths_that_lead_nowhere_are_told_all_the_same(self) -> None:
        errors: list[Any] = [{"message": "a", "path": ["_entities", 77, "x"]}, {"message": "b", "path": [{}, None]}]
        _, found = await answer(answering({"name": "A"}, [{"pages": 1}, None], errors=errors))
        assert {"a", "b"} <= {each["message"] for each in found}
        assert codes(found) == {"DOWNSTREAM_SERVICE_ERROR"}
