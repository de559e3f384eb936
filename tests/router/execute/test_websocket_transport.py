"""Subscriptions at a subgraph behind a WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse, SubgraphTimeout, SubgraphUnreachable
from router.serve import Hooks, create_app, forwarding
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.server import serving

Script: TypeAlias = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def library() -> AsyncGenerator[tuple[HttpTransport, LibrarySubgraph]]:
    """A router is as good a subgraph as any other server of the protocol."""
    subgraph = LibrarySubgraph()
    app = create_app(library_engine(subgraph), hooks=Hooks(forwarding("authorization")))
    async with serving(app) as address:
        transport = HttpTransport(f"http://{address}/graphql")
        yield transport, subgraph
        await transport.aclose()


async def events_of(script: Script, **options: Any) -> list[SubgraphResponse]:
    """All events from a server that follows `script` after the handshake."""
    async with serve(script, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        transport = HttpTransport(f"http://127.0.0.1:{port}/", **options)
        try:
            return [event async for event in transport.subscribe(SubgraphRequest("s", "subscription{a}"))]
        finally:
            await transport.aclose()


def saying(*messages: object) -> Script:
    """Acknowledges, takes the operation, and then sends these."""

    async def script(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send('{"type":"connection_ack"}')
        await socket.recv()
        for message in messages:
            await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))
        await socket.wait_closed()

    return script


class TestEvents:
    async def test_every_event_is_given_in_order(self) -> None:
        async with library() as (transport, _):
            request = SubgraphRequest("s", "subscription($n: Int!) { ticks(upTo: $n) }", {"n": 3})
            events = [event.data async for event in transport.subscribe(request)]
        assert events == [{"ticks": 0}, {"ticks": 1}, {"ticks": 2}]

    async def test_the_identity_goes_with_the_connection(self) -> None:
        async with library() as (transport, _):
            request = SubgraphRequest("s", "{ whoami }", headers={"authorization": "Bearer x"})
            assert [event.data async for event in transport.subscribe(request)] == [{"whoami": "Bearer x"}]

    async def test_a_refused_operation_is_one_response_with_errors(self) -> None:
        async with library() as (transport, _):
            (event,) = [event async for event in transport.subscribe(SubgraphRequest("s", "subscription { x }"))]
        assert event.data is None
        assert "x" in event.errors[0]["message"]

    async def test_closing_the_stream_ends_it_at_the_subgraph(self) -> None:
        async with library() as (transport, subgraph):
            async with aclosing(transport.subscribe(SubgraphRequest("s", "subscription { forever }"))) as events:
                assert await anext(events) == SubgraphResponse({"forever": 0})
            async with asyncio.timeout(5):
                await subgraph.library.idle.wait()

    async def test_pings_are_answered(self) -> None:
        async def script(socket: ServerConnection) -> None:
            await socket.recv()
            await socket.send('{"type":"ping"}')
            assert json.loads(await socket.recv()) == {"type": "pong"}
            await socket.send('{"type":"connection_ack"}')
            await socket.recv()
            await socket.send('{"type":"ping"}')
            assert json.loads(await socket.recv()) == {"type": "pong"}
            await socket.send('{"id":"1","type":"complete"}')
            await socket.wait_closed()

        assert await events_of(script) == []


class TestFailures:
    @pytest.mark.parametrize(
        "message",
        ["{", "[]", {}, {"type": "next", "id": "1"}, {"type": "next", "id": "1", "payload": 1}, {"type": "error"}],
        ids=repr,
    )
    async def test_what_is_not_the_protocol_is_malformed(self, message: object) -> None:
        with pytest.raises(MalformedResponse):
            await events_of(saying(message))

    async def test_a_connection_that_is_closed_is_unreachable(self) -> None:
        async def script(socket: ServerConnection) -> None:
            await socket.recv()
            await socket.close(4403, "Forbidden")

        with pytest.raises(SubgraphUnreachable, match="4403 Forbidden"):
            await events_of(script)

    async def test_a_connection_that_breaks_is_unreachable(self) -> None:
        async def script(socket: ServerConnection) -> None:
            await socket.recv()
            socket.transport.abort()

        with pytest.raises(SubgraphUnreachable):
            await events_of(script)

    async def test_a_connection_that_is_never_acknowledged_times_out(self) -> None:
        async def script(socket: ServerConnection) -> None:
            await socket.wait_closed()

        with pytest.raises(SubgraphTimeout):
            await events_of(script, timeout=0.1)

    async def test_a_message_that_is_too_large_ends_the_stream(self) -> None:
        message = {"type": "next", "id": "1", "payload": {"data": {"a": "x" * 10_000}}}
        with pytest.raises(SubgraphUnreachable):
            await events_of(saying(message), max_response_bytes=1_000)

    async def test_nobody_listening_is_unreachable(self) -> None:
        transport = HttpTransport("http://127.0.0.1:1/")
        with pytest.raises(SubgraphUnreachable):
            await anext(transport.subscribe(SubgraphRequest("s", "subscription{a}")))
        await transport.aclose()
