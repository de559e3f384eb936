"""graphql-transport-ws over a real server, with a client that is not ours."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from router.serve import Hooks, Limits, Refused, RequestContext, create_app, forwarding
from router.serve.streams.settings import StreamSettings
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.server import serving

TRANSPORT_WS = Subprotocol("graphql-transport-ws")


@asynccontextmanager
async def router(
    subgraph: LibrarySubgraph,
    limits: Limits | None = None,
    hooks: Hooks | None = None,
    settings: StreamSettings | None = None,
) -> AsyncGenerator[str]:
    engine = library_engine(subgraph, limits)
    app = create_app(engine, hooks=hooks or Hooks(forwarding("authorization")), streams=settings)
    async with serving(app) as address:
        yield f"ws://{address}/graphql"


@pytest.fixture
async def url(subgraph: LibrarySubgraph) -> AsyncGenerator[str]:
    async with router(subgraph) as url:
        yield url


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def hear(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        message: dict[str, Any] = json.loads(await socket.recv())
        return message


async def close_of(socket: ClientConnection) -> tuple[int | None, str | None]:
    """Waits until the server closes, and gives its code and reason."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await socket.wait_closed()
    return socket.close_code, socket.close_reason


@asynccontextmanager
async def opened(url: str, **payload: Any) -> AsyncGenerator[ClientConnection]:
    """A connection that has been acknowledged."""
    async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
        await say(socket, type="connection_init", payload=payload)
        assert await hear(socket) == {"type": "connection_ack"}
        yield socket


async def subscribe(socket: ClientConnection, id: str, query: str, **rest: Any) -> None:
    await say(socket, id=id, type="subscribe", payload={"query": query, **rest})


class TestClients:
    async def test_gql_receives_every_event_of_a_subscription(self, url: str) -> None:
        async with Client(transport=WebsocketsTransport(url=url)) as session:
            events = [event async for event in session.subscribe(gql("subscription { ticks(upTo: 3) }"))]
        assert events == [{"ticks": 0}, {"ticks": 1}, {"ticks": 2}]

    async def test_gql_sends_queries_and_its_identity_over_the_socket(self, url: str) -> None:
        transport = WebsocketsTransport(url=url, init_payload={"Authorization": "Bearer x"})
        async with Client(transport=transport) as session:
            assert await session.execute(gql("{ whoami }")) == {"whoami": "Bearer x"}


class TestOperations:
    async def test_several_run_at_the_same_time(self, url: str) -> None:
        async with opened(url) as socket:
            await subscribe(socket, "endless", "subscription { silence }")
            await subscribe(socket, "short", "{ whoami }")
            assert [(await hear(socket))["id"] for _ in range(2)] == ["short", "short"]

    async def test_variables_and_the_operations_name_are_used(self, url: str) -> None:
        async with opened(url) as socket:
            query = "query A { whoami } query B($id: ID!) { book(id: $id) { id } }"
            await subscribe(socket, "1", query, operationName="B", variables={"id": "5"})
            assert await hear(socket) == {"id": "1", "type": "next", "payload": {"data": {"book": {"id": "5"}}}}
            assert await hear(socket) == {"id": "1", "type": "complete"}

    @pytest.mark.parametrize(
        ("query", "code"),
        [("{", "GRAPHQL_PARSE_FAILED"), ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"), ("", "BAD_REQUEST")],
    )
    async def test_a_refusal_is_an_error_message(self, url: str, query: str, code: str) -> None:
        async with opened(url) as socket:
            await subscribe(socket, "1", query)
            message = await hear(socket)
        assert (message["type"], message["id"]) == ("error", "1")
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]

    async def test_completing_ends_the_stream_at_the_subgraph(self, url: str, subgraph: LibrarySubgraph) -> None:
        async with opened(url) as socket:
            await subscribe(socket, "1", "subscription { forever }")
            assert (await hear(socket))["payload"] == {"data": {"forever": 0}}
            assert subgraph.library.streams == 1
            await say(socket, id="1", type="complete")
            await say(socket, type="ping")
            while (await hear(socket))["type"] != "pong":
                pass
            assert subgraph.library.streams == 0

    async def test_leaving_ends_the_streams_at_the_subgraph(self, url: str, subgraph: LibrarySubgraph) -> None:
        async with opened(url) as socket:
            await subscribe(socket, "1", "subscription { forever }")
            await hear(socket)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await subgraph.library.idle.wait()

    async def test_an_id_is_free_again_once_its_operation_is_over(self, url: str) -> None:
        async with opened(url) as socket:
            for _ in range(2):
                await subscribe(socket, "1", "{ whoami }")
                assert [(await hear(socket))["type"] for _ in range(2)] == ["next", "complete"]

    async def test_a_client_that_does_not_read_holds_its_source_back(self) -> None:
        """The source gives events as fast as they are taken; while nobody reads, it must come to a halt."""
        subgraph = LibrarySubgraph()
        async with router(subgraph, settings=StreamSettings(queue=4)) as url, opened(url) as socket:
            await subscribe(socket, "1", "subscription { flood }")
            await _standstill(subgraph)
            halted_at = subgraph.library.produced
            async with asyncio.timeout(PATIENCE_SECONDS):
                while subgraph.library.produced == halted_at:
                    await hear(socket)
            socket.transport.abort()

    async def test_a_client_that_never_reads_is_let_go(self) -> None:
        subgraph = LibrarySubgraph()
        settings = StreamSettings(queue=4, write_seconds=0.2)
        async with router(subgraph, settings=settings) as url, opened(url) as socket:
            await subscribe(socket, "1", "subscription { flood }")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await subgraph.library.idle.wait()
            socket.transport.abort()

    async def test_one_socket_may_run_only_so_many(self) -> None:
        async with router(LibrarySubgraph(), settings=StreamSettings(operations=2)) as url, opened(url) as socket:
            for id_ in ("1", "2", "3"):
                await subscribe(socket, id_, "subscription { silence }")
            message = await hear(socket)
        assert (message["id"], message["type"]) == ("3", "error")
        assert message["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"


async def _standstill(subgraph: LibrarySubgraph) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            before = subgraph.library.produced
            await asyncio.sleep(0.2)
            if subgraph.library.produced == before:
                return


class TestProtocol:
    async def test_ping_is_answered_with_its_payload(self, url: str) -> None:
        async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
            await say(socket, type="ping", payload={"n": 1})
            assert await hear(socket) == {"type": "pong", "payload": {"n": 1}}
            await say(socket, type="pong")
            await say(socket, type="connection_init")
            assert await hear(socket) == {"type": "connection_ack"}

    async def test_the_legacy_protocol_is_refused(self, url: str) -> None:
        async with connect(url) as socket:
            assert await close_of(socket) == (4406, "Subprotocol not acceptable")

    async def test_a_connection_must_be_initialised_in_time(self) -> None:
        async with router(LibrarySubgraph(), settings=StreamSettings(init_seconds=1.0)) as url:
            async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
                assert await close_of(socket) == (4408, "Connection initialisation timeout")
            async with opened(url) as socket:
                await asyncio.sleep(1.1)
                await subscribe(socket, "1", "{ whoami }")
                assert (await hear(socket))["type"] == "next"

    async def test_subscribing_before_the_acknowledgement_is_unauthorised(self, url: str) -> None:
        async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
            await subscribe(socket, "1", "{ whoami }")
            assert await close_of(socket) == (4401, "Unauthorized")

    async def test_a_second_initialisation_is_one_too_many(self, url: str) -> None:
        async with opened(url) as socket:
            await say(socket, type="connection_init")
            assert await close_of(socket) == (4429, "Too many initialisation requests")

    async def test_an_id_in_use_cannot_be_used_again(self, url: str) -> None:
        async with opened(url) as socket:
            await subscribe(socket, "x", "subscription { silence }")
            await subscribe(socket, "x", "subscription { silence }")
            assert await close_of(socket) == (4409, "Subscriber for x already exists")

    @pytest.mark.parametrize(
        "message",
        [
            "{",
            "[]",
            "{}",
            '{"type": 1}',
            '{"type": "nonsense"}',
            '{"type": "subscribe"}',
            '{"type":"complete","id":1}',
            b"binary",
        ],
    )
    async def test_a_message_outside_the_protocol_closes_the_socket(self, url: str, message: str | bytes) -> None:
        async with opened(url) as socket:
            await socket.send(message)
            assert (await close_of(socket))[0] == 4400

    async def test_a_message_that_is_too_big_closes_the_socket(self) -> None:
        async with router(LibrarySubgraph(), Limits(body_bytes=100)) as url, opened(url) as socket:
            await subscribe(socket, "1", "#" * 200)
            assert (await close_of(socket))[0] == 1009

    async def test_two_identities_in_the_handshake_are_refused(self, url: str) -> None:
        headers = [("Authorization", "Bearer a"), ("authorization", "Bearer b")]
        async with connect(url, subprotocols=[TRANSPORT_WS], additional_headers=headers) as socket:
            assert await close_of(socket) == (4400, "The header authorization is given twice.")

    async def test_two_identities_in_the_initialisation_are_refused(self, url: str) -> None:
        async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
            await say(
                socket, type="connection_init", payload={"Authorization": "Bearer a", "authorization": "Bearer b"}
            )
            assert (await close_of(socket))[0] == 4400

    async def test_an_operation_that_asks_for_too_much_is_an_error_message(self, url: str) -> None:
        async with opened(url) as socket:
            await say(socket, id="1", type="subscribe", payload={"query": "{ books(first: 300000) { id } }"})
            message = await hear(socket)
        assert message["type"] == "error"
        assert "_TOO_" in message["payload"][0]["extensions"]["code"]

    async def test_a_refused_identity_is_forbidden(self) -> None:
        async def refuse(headers: Any, parameters: Any) -> RequestContext:
            raise Refused.because("The token has expired.", "UNAUTHENTICATED")

        async with (
            router(LibrarySubgraph(), hooks=Hooks(refuse)) as url,
            connect(url, subprotocols=[TRANSPORT_WS]) as socket,
        ):
            await say(socket, type="connection_init")
            assert await close_of(socket) == (4403, "The token has expired.")

    async def test_a_bug_in_the_hook_is_masked(self) -> None:
        async def broken(headers: Any, parameters: Any) -> RequestContext:
            raise ZeroDivisionError("secret")

        async with (
            router(LibrarySubgraph(), hooks=Hooks(broken)) as url,
            connect(url, subprotocols=[TRANSPORT_WS]) as socket,
        ):
            await say(socket, type="connection_init")
            assert await close_of(socket) == (1011, "Internal error")
