"""One operation over one HTTP response: Server-Sent Events, and both kinds of multipart."""

import asyncio
from dataclasses import replace
from http import HTTPStatus
from time import time
from typing import Any

import orjson
import pytest
from starlette.applications import Starlette

from router.execute import InProcessTransport
from router.serve import Engine, Hooks, Limits, Refused, RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.streams.settings import Overflow, StreamSettings
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.increments import assemble, assemble_2022
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.streams.asgi import Reading, requested
from tests.router.serve.test_engine_defer import ANSWER, QUERY, make_engine

SSE = "text/event-stream"
EVENTS = (
    "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9"
)
DEFER = "multipart/mixed;incrementalSpec=v0.2,application/json"
DEFER_2022 = "multipart/mixed;deferSpec=20220824,application/json"
URQL = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
TICKS = {"query": "subscription { ticks(upTo: 2) }"}
CHAPTERS = {"query": "subscription { chapters }"}


@pytest.fixture
def streamed(subgraph: LibrarySubgraph) -> Starlette:
    return serving(subgraph)


def serving(subgraph: LibrarySubgraph, hooks: Hooks | None = None, **settings: Any) -> Starlette:
    return create_app(library_engine(subgraph), hooks=hooks, streams=StreamSettings(**settings))


def parts_of(body: bytes) -> list[Any]:
    """The contents of a multipart body, read as Apollo's client does: a delimiter has a line end before it."""
    first, *parts = body.split(b"\r\n--graphql")
    assert first == b""
    assert parts.pop() == b"--\r\n"
    heads_and_bodies = [part.split(b"\r\n\r\n") for part in parts]
    assert all(head == b"\r\ncontent-type: application/json" for head, _ in heads_and_bodies)
    return [orjson.loads(content) for _, content in heads_and_bodies]


async def parts(engine: Engine, accept: str, query: str) -> tuple[Reading, list[Any]]:
    async with requested(create_app(engine), body={"query": query}, accept=accept) as answer:
        return answer, parts_of(await answer.rest())


class TestServerSentEvents:
    async def test_a_subscription_is_an_event_for_each_response(self, streamed: Starlette) -> None:
        async with requested(streamed, body=TICKS, accept=SSE) as answer:
            assert answer.status == 200
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert answer.headers["cache-control"] == "no-cache, no-transform"
            assert await answer.rest() == (
                b":\n\n"
                b'event: next\ndata: {"data":{"ticks":0}}\n\n'
                b'event: next\ndata: {"data":{"ticks":1}}\n\n'
                b"event: complete\ndata:\n\n"
            )

    async def test_it_may_be_asked_for_by_get(self, streamed: Starlette) -> None:
        async with requested(streamed, "GET", query="query=subscription{ticks(upTo:1)}", accept=SSE) as answer:
            assert b'data: {"data":{"ticks":0}}' in await answer.rest()

    async def test_a_query_is_one_event_for_who_takes_nothing_else(self, streamed: Starlette) -> None:
        async with requested(streamed, body={"query": "{ whoami }"}, accept=SSE) as answer:
            assert (
                await answer.rest() == b':\n\nevent: next\ndata: {"data":{"whoami":null}}\n\nevent: complete\ndata:\n\n'
            )

    @pytest.mark.parametrize("accept", [URQL, EVENTS, DEFER, DEFER_2022, f"{SSE}, application/json;q=0.1"])
    async def test_a_query_is_one_json_answer_for_who_also_takes_streams(
        self, streamed: Starlette, accept: str
    ) -> None:
        async with requested(streamed, body={"query": "{ whoami }"}, accept=accept) as answer:
            assert "json" in answer.headers["content-type"]
            assert await answer.rest() == b'{"data":{"whoami":null}}'

    @pytest.mark.parametrize("query", ["{", "{ nothing }", "subscription { ticks }"])
    async def test_a_refused_operation_is_an_event_too(self, streamed: Starlette, query: str) -> None:
        async with requested(streamed, body={"query": query}, accept=SSE) as answer:
            assert answer.status == 200
            body = await answer.rest()
        assert body.startswith(b':\n\nevent: next\ndata: {"errors":[{')
        assert body.endswith(b"}\n\nevent: complete\ndata:\n\n")

    async def test_a_refused_client_gets_a_status(self, subgraph: LibrarySubgraph) -> None:
        async def refuse(*_: Any) -> RequestContext:
            raise Refused.because("No.", "UNAUTHENTICATED", HTTPStatus.UNAUTHORIZED)

        async with requested(serving(subgraph, Hooks(refuse)), body=TICKS, accept=SSE) as answer:
            assert (answer.status, answer.headers["content-type"]) == (401, "application/json; charset=utf-8")

    async def test_a_mutation_by_get_is_not_allowed(self, streamed: Starlette) -> None:
        query = 'query=mutation{rename(id:"1",title:"x"){id}}'
        async with requested(streamed, "GET", query=query, accept=SSE) as answer:
            assert answer.status == 405

    async def test_an_error_of_an_event_comes_with_it(self, streamed: Starlette) -> None:
        body = {"query": "subscription { chapters }", "extensions": {"cursor": "c0"}}
        async with requested(streamed, body=body, accept=SSE) as answer:
            assert b'"code":"HISTORY_GONE"' in await answer.rest()

    async def test_what_is_deferred_are_events_for_who_takes_nothing_else(self) -> None:
        async with requested(create_app(make_engine()), body={"query": QUERY}, accept=SSE) as answer:
            _, *events, end = (await answer.rest()).removesuffix(b"\n\n").split(b"\n\n")
        assert end == b"event: complete\ndata:"
        initial, *updates = (orjson.loads(each.removeprefix(b"event: next\ndata: ")) for each in events)
        assert assemble(initial, updates) == (ANSWER, [])


class TestMultipart:
    async def test_a_subscription_is_a_part_for_each_response(self, streamed: Starlette) -> None:
        async with requested(streamed, body=TICKS, accept=EVENTS) as answer:
            assert answer.headers["content-type"] == "multipart/mixed; boundary=graphql; subscriptionSpec=1.0"
            assert parts_of(await answer.rest()) == [{"payload": {"data": {"ticks": number}}} for number in (0, 1)]

    async def test_a_refused_subscription_is_one_json_answer(self, streamed: Starlette) -> None:
        async with requested(streamed, body={"query": "subscription { x }"}, accept=EVENTS) as answer:
            assert answer.status == 400
            assert answer.headers["content-type"] == "application/graphql-response+json; charset=utf-8"

    async def test_variables_that_do_not_fit_are_told_in_a_part_that_ends_it(self, streamed: Starlette) -> None:
        body = {"query": "subscription ($n: Int!) { ticks(upTo: $n) }"}
        async with requested(streamed, body=body, accept=EVENTS) as answer:
            (only,) = parts_of(await answer.rest())
        assert only["payload"] is None
        assert only["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_what_is_deferred_comes_in_the_format_that_was_asked_for(self) -> None:
        answer, (initial, *updates) = await parts(make_engine(), DEFER, QUERY)
        assert answer.headers["content-type"] == "multipart/mixed; boundary=graphql; incrementalSpec=v0.2"
        assert initial["hasNext"]
        assert assemble(initial, updates) == (ANSWER, [])

    async def test_and_in_that_of_2022(self) -> None:
        answer, (initial, *updates) = await parts(make_engine(), DEFER_2022, QUERY)
        assert answer.headers["content-type"] == "multipart/mixed; boundary=graphql; deferSpec=20220824"
        assert initial == {"data": {"products": [{"name": "P1"}, {"name": "P2"}]}, "hasNext": True}
        assert [each["hasNext"] for each in updates][-1] is False
        assert assemble_2022(initial, updates) == ANSWER

    async def test_urql_gets_the_specifications_format(self) -> None:
        _, (initial, *updates) = await parts(make_engine(), URQL, QUERY)
        assert assemble(initial, updates) == (ANSWER, [])

    async def test_nothing_deferred_after_all_is_one_json_answer(self) -> None:
        body = {
            "query": "query ($d: Boolean!) { products { name ... @defer(if: $d) { reviews { body } } } }",
            "variables": {"d": False},
        }
        async with requested(create_app(make_engine()), body=body, accept=DEFER) as answer:
            assert orjson.loads(await answer.rest()) == {"data": ANSWER}

    async def test_an_engine_that_does_not_defer_refuses_the_directive(self) -> None:
        async with requested(create_app(make_engine(defer=False)), body={"query": QUERY}, accept=DEFER) as answer:
            assert b"GRAPHQL_VALIDATION_FAILED" in await answer.rest()


class TestCursors:
    async def test_an_events_id_is_its_cursor(self, streamed: Starlette) -> None:
        async with requested(streamed, body=CHAPTERS, accept=SSE) as answer:
            first = (await answer.rest()).split(b"\n\n")[1]
        assert first == b'event: next\nid: c3\ndata: {"data":{"chapters":3},"extensions":{"cursor":"c3"}}'

    async def test_a_client_goes_on_after_the_last_event_that_it_has_seen(self, streamed: Starlette) -> None:
        async with requested(streamed, body=CHAPTERS, accept=SSE, last_event_id="c4") as answer:
            events = (await answer.rest()).split(b"\n\n")[1:-1]
        assert events == [
            b'event: next\nid: c5\ndata: {"data":{"chapters":5},"extensions":{"cursor":"c5"}}',
            b"event: complete\ndata:",
        ]

    async def test_over_multipart_it_says_so_in_its_request(self, streamed: Starlette) -> None:
        async with requested(
            streamed, body={**CHAPTERS, "extensions": {"cursor": "c4"}}, accept=EVENTS, last_event_id="c1"
        ) as answer:
            assert parts_of(await answer.rest()) == [
                {"payload": {"data": {"chapters": 5}, "extensions": {"cursor": "c5"}}}
            ]

    async def test_history_that_is_gone_is_told(self, streamed: Starlette) -> None:
        async with requested(streamed, body=CHAPTERS, accept=SSE, last_event_id="c0") as answer:
            assert b'"code":"HISTORY_GONE"' in await answer.rest()

    async def test_a_source_without_history_has_none_either(self, streamed: Starlette) -> None:
        async with requested(streamed, body=TICKS, accept=SSE, last_event_id="c4") as answer:
            first, second = (await answer.rest()).split(b"\n\n")[1:3]
        assert first.endswith(b'"extensions":{"gap":{"code":"HISTORY_GONE"}}}')
        assert b"gap" not in second

    @pytest.mark.parametrize("cursor", ["with space", "x" * 2000, 7, "é"])
    async def test_what_cannot_be_a_cursor_is_refused(self, streamed: Starlette, cursor: Any) -> None:
        body = {**CHAPTERS, "extensions": {"cursor": cursor}}
        async with requested(streamed, body=body, accept=EVENTS) as answer:
            assert b"BAD_USER_INPUT" in await answer.rest()


class TestKeepingAlive:
    async def test_a_silent_stream_has_comments(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, keep_alive_seconds=0.01)
        async with requested(app, body={"query": "subscription { silence }"}, accept=SSE) as answer:
            assert [await answer.chunk() for _ in range(3)] == [b":\n\n"] * 3
        assert subgraph.library.streams == 0

    async def test_a_silent_multipart_stream_has_heartbeats(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, keep_alive_seconds=0.01)
        async with requested(app, body={"query": "subscription { silence }"}, accept=EVENTS) as answer:
            await answer.chunk()
            assert await answer.chunk() == b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"

    async def test_a_client_that_leaves_ends_the_stream_at_the_subgraph(self, subgraph: LibrarySubgraph) -> None:
        async with requested(serving(subgraph), body={"query": "subscription { forever }"}, accept=SSE) as answer:
            await answer.chunk()
            assert b"forever" in await answer.chunk()
            assert subgraph.library.streams == 1
        assert subgraph.library.streams == 0

    async def test_one_that_leaves_in_the_middle_of_what_is_deferred_is_no_error(self) -> None:
        async with requested(create_app(make_engine()), body={"query": QUERY}, accept=DEFER) as answer:
            await answer.chunk()

    async def test_a_client_that_never_reads_is_given_up(self, subgraph: LibrarySubgraph) -> None:
        app = serving(subgraph, write_seconds=0.05)
        async with requested(app, body={"query": "subscription { flood }"}, accept=SSE) as answer:
            answer.reads.clear()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await subgraph.library.idle.wait()


class TestBackPressure:
    async def produced_while_nobody_reads(self, subgraph: LibrarySubgraph, **settings: Any) -> bytes:
        """What a client gets that begins to read only when the source has given far more than fits."""
        app = serving(subgraph, queue=4, **settings)
        async with requested(app, body={"query": "subscription { ticks(upTo: 100) }"}, accept=EVENTS) as answer:
            answer.reads.clear()
            for _ in range(500):
                await asyncio.sleep(0)
            answer.reads.set()
            return await answer.rest()

    async def test_a_slow_reader_gets_everything_by_default(self, subgraph: LibrarySubgraph) -> None:
        found = parts_of(await self.produced_while_nobody_reads(subgraph))
        assert [each["payload"]["data"]["ticks"] for each in found] == list(range(100))

    async def test_it_may_be_told_of_a_gap_instead(self, subgraph: LibrarySubgraph) -> None:
        found = parts_of(await self.produced_while_nobody_reads(subgraph, overflow=Overflow.DROP_OLDEST))
        payloads = [each["payload"] for each in found]
        missed = sum(each.get("extensions", {}).get("gap", {}).get("missed", 0) for each in payloads)
        assert missed > 0
        assert len(payloads) + missed == 100
        assert payloads[-1]["data"] == {"ticks": 99}

    async def test_or_be_sent_away(self, subgraph: LibrarySubgraph) -> None:
        *_, last = parts_of(await self.produced_while_nobody_reads(subgraph, overflow=Overflow.CLOSE))
        assert last["errors"][0]["extensions"]["code"] == "SLOW_CONSUMER"


ADA = Identity("ada", "north")


def identified(identity: Identity | None) -> Hooks:
    async def authenticate(*_: Any) -> RequestContext:
        return RequestContext(identity=identity)

    return Hooks(authenticate)


FOREVER = {"query": "subscription { forever }"}


class TestIdentities:
    @pytest.mark.parametrize("accept", [SSE, EVENTS])
    async def test_a_stream_ends_with_the_token(self, subgraph: LibrarySubgraph, accept: str) -> None:
        hooks = identified(replace(ADA, expires=time() + 0.3))
        async with requested(serving(subgraph, hooks), body=FOREVER, accept=accept) as answer:
            rest = await answer.rest()
        assert b'{"message":"The access token has expired.","extensions":{"code":"UNAUTHENTICATED"}}' in rest
        assert subgraph.library.streams == 0

    async def test_a_stream_ends_when_its_identity_is_revoked(self, subgraph: LibrarySubgraph) -> None:
        hooks = identified(ADA)
        async with requested(
            serving(subgraph, hooks), body={"query": "subscription { silence }"}, accept=SSE
        ) as answer:
            assert await answer.chunk() == b":\n\n"
            assert hooks.revocations.revoke("ada", "north") == 1
            assert b"revoked" in await answer.rest()

    async def test_one_that_is_revoked_before_its_client_has_sent_the_body_begins_none(
        self, subgraph: LibrarySubgraph
    ) -> None:
        hooks, silence = identified(ADA), {"query": "subscription { silence }"}
        app = serving(subgraph, hooks)

        def late() -> Any:
            assert hooks.revocations.revoke("ada", "north") == 0
            return silence

        async with requested(app, body=late, accept=SSE) as answer:
            assert answer.status == 401
            assert b"UNAUTHENTICATED" in await answer.rest()
        assert subgraph.library.streams == 0
        async with requested(app, body=silence, accept=SSE) as anew:
            assert anew.status == 200

    async def test_a_revoked_client_gets_nothing_of_what_was_waiting(self, subgraph: LibrarySubgraph) -> None:
        hooks = identified(ADA)
        async with requested(serving(subgraph, hooks, queue=8), body=FOREVER, accept=SSE) as answer:
            await answer.chunk()
            await answer.chunk()
            answer.reads.clear()
            for _ in range(100):
                await asyncio.sleep(0)
            assert hooks.revocations.revoke("ada", "north") == 1
            answer.reads.set()
            rest = await answer.rest()
        assert rest.count(b"event: next") <= 3

    @pytest.mark.parametrize(
        ("identity", "settings"),
        [
            (ADA, {"client_streams": 1}),
            (ADA, {"client_streams": None, "tenant_streams": 1}),
            (None, {"host_streams": 1}),
        ],
    )
    async def test_clients_may_have_so_many(
        self, subgraph: LibrarySubgraph, identity: Identity | None, settings: dict[str, Any]
    ) -> None:
        app = serving(subgraph, identified(identity), **settings)
        async with requested(app, body=FOREVER, accept=SSE) as first:
            assert first.status == 200
            async with requested(app, body=FOREVER, accept=SSE) as second:
                assert second.status == 429
                assert b"TOO_MANY_STREAMS" in await second.rest()
            async with requested(app, body={"query": "{ whoami }"}, accept=SSE) as query:
                assert query.status == 200
        async with requested(app, body=FOREVER, accept=SSE) as third:
            assert third.status == 200

    async def test_other_clients_have_their_own(self, subgraph: LibrarySubgraph) -> None:
        who = [ADA, Identity("bob", "north"), Identity("ada", "south")]

        async def authenticate(headers: Any, _: Any) -> RequestContext:
            return RequestContext(identity=who[int(headers["x-who"])])

        app = serving(subgraph, Hooks(authenticate), client_streams=1)
        async with (
            requested(app, body=FOREVER, accept=SSE, x_who="0") as first,
            requested(app, body=FOREVER, accept=SSE, x_who="1") as second,
            requested(app, body=FOREVER, accept=SSE, x_who="2") as third,
        ):
            assert [first.status, second.status, third.status] == [200, 200, 200]


class TestLimits:
    """What is refused over HTTP is refused over streams."""

    @pytest.mark.parametrize(
        ("query", "code"),
        [
            ("{" + "a{" * 600 + "}" * 601, "GRAPHQL_PARSE_FAILED"),
            ("{ books(first: 300000) { id } }", "_TOO_"),
            ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "OPERATION_TOO"),
        ],
    )
    @pytest.mark.parametrize("accept", [SSE, EVENTS])
    async def test_deep_and_costly_operations(
        self, subgraph: LibrarySubgraph, query: str, code: str, accept: str
    ) -> None:
        app = create_app(library_engine(subgraph, Limits()))
        async with requested(app, body={"query": query}, accept=accept) as answer:
            assert code.encode() in await answer.rest()


class TestDefer:
    async def test_a_client_that_leaves_ends_what_is_under_way(self) -> None:
        asked, ended = asyncio.Event(), asyncio.Event()

        async def never(*_: Any) -> dict[str, Any]:
            asked.set()
            try:
                await asyncio.Event().wait()
            finally:
                ended.set()
            raise AssertionError

        engine = make_engine(reviews=InProcessTransport(never, timeout=None))
        async with requested(create_app(engine), body={"query": QUERY}, accept=DEFER) as answer:
            await answer.chunk()
            assert b'"hasNext":true' in await answer.chunk()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await asked.wait()
        assert ended.is_set()

    async def test_labels_are_unique_in_a_document(self) -> None:
        twice = '{ products { ... @defer(label: "a") { name } ... @defer(label: "a") { reviews { body } } } }'
        async with requested(create_app(make_engine()), body={"query": twice}, accept=DEFER) as answer:
            assert b"must be unique" in await answer.rest()

    async def test_a_label_is_there_once_however_often_its_fragment_is_spread(self) -> None:
        query = """
            { products { ...F ...G } }
            fragment F on Product { ...G name }
            fragment G on Product { ... @defer(label: "x") { reviews { body } } }
        """
        _, (initial, *updates) = await parts(make_engine(), DEFER, query)
        assert {each["label"] for each in initial["pending"]} == {"x"}
        assert assemble(initial, updates) == (ANSWER, [])
