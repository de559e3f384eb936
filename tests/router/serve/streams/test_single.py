"""Several operations over one event stream: reserved by PUT, opened by GET, begun by POST and ended by DELETE."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette

from router.serve import Hooks, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.streams.settings import StreamSettings
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.streams.asgi import Reading, requested

PATH = "/graphql/stream"
SSE = "text/event-stream"


@pytest.fixture
def streamed(subgraph: LibrarySubgraph) -> Starlette:
    return serving(subgraph)


def serving(subgraph: LibrarySubgraph, hooks: Hooks | None = None, **settings: Any) -> Starlette:
    return create_app(library_engine(subgraph), hooks=hooks, streams=StreamSettings(**settings))


async def asked(app: Starlette, method: str, token: str, **rest: Any) -> tuple[int, bytes]:
    """The status and the body of a response."""
    async with requested(app, method, PATH, x_graphql_event_stream_token=token, **rest) as answer:
        return answer.status, await answer.rest()


async def reserve(app: Starlette, **headers: Any) -> str:
    async with requested(app, "PUT", PATH, **headers) as answer:
        assert answer.status == 201
        assert answer.headers["content-type"].startswith("text/plain")
        return (await answer.rest()).decode()


async def begin(app: Starlette, token: str, id: str, query: str, **rest: Any) -> tuple[int, bytes]:
    body = {"query": query, "extensions": {"operationId": id, **rest.pop("extensions", {})}}
    return await asked(app, "POST", token, body=body, **rest)


@asynccontextmanager
async def opened(app: Starlette, token: str) -> AsyncGenerator[Reading]:
    async with requested(app, "GET", PATH, accept=SSE, x_graphql_event_stream_token=token) as stream:
        assert stream.status == 200
        assert await stream.chunk() == b":\n\n"
        yield stream


async def events(stream: Reading, count: int) -> list[tuple[str, Any]]:
    """The next events, by their names."""
    return [_event(await stream.chunk()) for _ in range(count)]


def _event(text: bytes) -> tuple[str, Any]:
    name, data = text.removesuffix(b"\n\n").split(b"\n")
    return name.removeprefix(b"event: ").decode(), orjson.loads(data.removeprefix(b"data: "))


class TestOperations:
    async def test_answers_come_over_the_connection(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            assert await begin(streamed, token, "a", "{ whoami }") == (202, b"")
            assert await events(stream, 2) == [
                ("next", {"id": "a", "payload": {"data": {"whoami": None}}}),
                ("complete", {"id": "a"}),
            ]

    async def test_several_run_at_the_same_time(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            await begin(streamed, token, "endless", "subscription { silence }")
            await begin(streamed, token, "short", "subscription { ticks(upTo: 1) }")
            assert [each["id"] for _, each in await events(stream, 2)] == ["short", "short"]
            await asked(streamed, "DELETE", token, query="operationId=endless")

    async def test_they_may_begin_before_the_connection_is_there(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        await begin(streamed, token, "a", 'mutation { rename(id: 1, title: "x") { title } }')
        async with opened(streamed, token) as stream:
            (first,) = await events(stream, 1)
        assert first == ("next", {"id": "a", "payload": {"data": {"rename": {"title": "x"}}}})

    async def test_an_operation_is_ended_by_its_id(self, streamed: Starlette, subgraph: LibrarySubgraph) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            await begin(streamed, token, "a", "subscription { forever }")
            await events(stream, 1)
            assert await asked(streamed, "DELETE", token, query="operationId=a") == (200, b"")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await subgraph.library.idle.wait()
            await begin(streamed, token, "a", "{ whoami }")
            while (await events(stream, 1)) != [("complete", {"id": "a"})]:
                pass

    async def test_a_client_that_leaves_ends_all(self, streamed: Starlette, subgraph: LibrarySubgraph) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            await begin(streamed, token, "a", "subscription { forever }")
            await events(stream, 1)
        assert subgraph.library.streams == 0
        assert (await begin(streamed, token, "b", "{ whoami }"))[0] == 404

    async def test_a_refused_operation_is_an_http_answer(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        status, body = await begin(streamed, token, "a", "{ nothing }")
        assert status == 400
        assert b"GRAPHQL_VALIDATION_FAILED" in body

    async def test_what_goes_wrong_later_comes_over_the_connection(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            await begin(streamed, token, "a", "subscription ($n: Int!) { ticks(upTo: $n) }")
            (_, event), end = await events(stream, 2)
        assert event["payload"]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert end == ("complete", {"id": "a"})

    async def test_a_client_goes_on_after_the_last_event_that_it_has_seen(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token) as stream:
            payload = {"data": {"chapters": 5}, "extensions": {"cursor": "c5"}}
            for rest in ({"extensions": {"cursor": "c4"}}, {"last_event_id": "c4"}):
                await begin(streamed, token, "a", "subscription { chapters }", **rest)
                assert await events(stream, 2) == [("next", {"id": "a", "payload": payload}), ("complete", {"id": "a"})]


class TestProtocol:
    async def test_a_stream_is_opened_once(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with opened(streamed, token):
            assert (await asked(streamed, "GET", token))[0] == 409

    async def test_browsers_give_the_token_in_the_address(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        async with requested(streamed, "GET", PATH, query=f"token={token}", accept=SSE) as stream:
            assert stream.status == 200

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    async def test_there_is_none_without_its_token(self, streamed: Starlette, method: str) -> None:
        status, body = await asked(streamed, method, "guessed", query="operationId=a", body={"query": "{ whoami }"})
        assert status == 404
        assert b"STREAM_NOT_FOUND" in body

    async def test_an_operation_needs_an_id_of_its_own(self, streamed: Starlette) -> None:
        token = await reserve(streamed)
        assert (await asked(streamed, "POST", token, body={"query": "{ whoami }"}))[0] == 400
        assert (await asked(streamed, "DELETE", token))[0] == 400
        assert (await begin(streamed, token, "a", "subscription { silence }"))[0] == 202
        assert (await begin(streamed, token, "a", "subscription { silence }"))[0] == 409

    async def test_other_methods_are_not_allowed(self, streamed: Starlette) -> None:
        assert (await asked(streamed, "PATCH", ""))[0] == 405

    async def test_a_query_string_that_cannot_be_read_is_refused(self, streamed: Starlette) -> None:
        assert (await asked(streamed, "GET", "", query="&".join("a=1" for _ in range(50))))[0] == 400


def identified() -> Hooks:
    """Believes a header."""

    async def authenticate(headers: Mapping[str, str], _: Any) -> RequestContext:
        who = headers.get("x-who")
        return RequestContext(identity=None if who is None else Identity(who, "north"))

    return Hooks(authenticate)


class TestBounds:
    async def test_a_stream_is_its_clients_alone(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, identified())
        token = await reserve(app, x_who="ada")
        assert (await begin(app, token, "a", "{ whoami }", x_who="bob"))[0] == 403
        assert (await begin(app, token, "a", "{ whoami }"))[0] == 403
        assert (await begin(app, token, "a", "{ whoami }", x_who="ada"))[0] == 202

    async def test_a_revoked_identity_ends_the_stream(self, subgraph: LibrarySubgraph) -> None:
        hooks = identified()
        app = serving(subgraph, hooks)
        token = await reserve(app, x_who="ada")
        async with opened(app, token) as stream:
            await begin(app, token, "a", "subscription { silence }", x_who="ada")
            assert hooks.revocations.revoke("ada", "north") == 1
            (name, event), end = await events(stream, 2)
            assert (name, event["payload"]["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
            assert end == ("complete", {"id": "a"})
            assert await stream.rest() == b""
        assert subgraph.library.streams == 0

    async def test_one_that_is_revoked_while_it_is_authenticated_reserves_none(self, subgraph: LibrarySubgraph) -> None:
        async def authenticate(*_: Any) -> RequestContext:
            hooks.revocations.revoke("ada", "north")
            return RequestContext(identity=Identity("ada", "north"))

        hooks = Hooks(authenticate)
        app = serving(subgraph, hooks, client_streams=1)
        for _ in range(2):
            assert (await asked(app, "PUT", ""))[0] == 401

    async def test_a_reservation_that_nobody_takes_ends(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, reservation_seconds=0.05)
        token = await reserve(app)
        await begin(app, token, "a", "subscription { silence }")
        async with asyncio.timeout(PATIENCE_SECONDS):
            # nobody tells when it is over
            while (await asked(app, "DELETE", token, query="operationId=b"))[0] != 404 or subgraph.library.streams:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def test_there_may_be_so_many_reservations(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, reservations=1)
        token = await reserve(app)
        async with requested(app, "PUT", PATH) as second:
            assert second.status == 503
        async with opened(app, token):
            await reserve(app)

    async def test_a_client_may_have_so_many(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, identified(), client_streams=1)
        await reserve(app, x_who="ada")
        async with requested(app, "PUT", PATH, x_who="ada") as second:
            assert second.status == 429

    async def test_and_so_many_operations_on_each(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, operations=1)
        token = await reserve(app)
        assert (await begin(app, token, "a", "subscription { silence }"))[0] == 202
        assert (await begin(app, token, "b", "{ whoami }"))[0] == 429

    async def test_answers_that_nobody_reads_are_enough_at_some_point(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, queue=2)
        token = await reserve(app)
        statuses = [
            (await begin(app, token, str(n), "subscription ($n: Int!) { ticks(upTo: $n) }"))[0] for n in range(8)
        ]
        assert statuses == [202] * 4 + [429] * 4

    async def test_a_silent_stream_has_comments(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, keep_alive_seconds=0.01)
        async with opened(app, await reserve(app)) as stream:
            assert [await stream.chunk() for _ in range(2)] == [b":\n\n"] * 2
