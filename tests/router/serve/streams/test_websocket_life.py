"""How long a WebSocket lives, how many there may be, and what a client that comes back goes on with."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from time import time
from typing import Any

import pytest
from starlette.types import Message
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from router.serve import Hooks, RequestContext
from router.serve.access.identity import Identity
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import StreamSettings
from router.serve.streams.websocket import WebSocketEndpoint
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.streams.test_websocket import (
    TRANSPORT_WS,
    close_of,
    hear,
    opened,
    router,
    say,
    subscribe,
)

ADA = Identity("ada", "north")


def identified(identity: Identity) -> Hooks:
    async def authenticate(*_: Any) -> RequestContext:
        return RequestContext(identity=identity)

    return Hooks(authenticate)


class TestKeepingAlive:
    async def test_a_silent_client_is_asked_whether_it_is_still_there(self) -> None:
        settings = StreamSettings(keep_alive_seconds=0.5)
        async with router(LibrarySubgraph(), settings=settings) as url, opened(url) as socket:
            for _ in range(2):
                assert await hear(socket) == {"type": "ping"}
                await say(socket, type="pong")

    async def test_one_that_does_not_answer_is_dead(self, subgraph: LibrarySubgraph) -> None:
        settings = StreamSettings(keep_alive_seconds=0.05)
        async with router(subgraph, settings=settings) as url, opened(url) as socket:
            await subscribe(socket, "1", "subscription { silence }")
            assert await close_of(socket) == (1001, "The client does not answer")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await subgraph.library.idle.wait()


class TestIdentities:
    async def test_a_connection_ends_with_its_token(self, subgraph: LibrarySubgraph) -> None:
        async def authenticate(*_: Any) -> RequestContext:
            return RequestContext(identity=replace(ADA, expires=time() + 0.3))

        async with (
            router(subgraph, hooks=Hooks(authenticate)) as url,
            connect(url, subprotocols=[TRANSPORT_WS]) as socket,
        ):
            await say(socket, type="connection_init")
            with suppress(ConnectionClosed):
                await subscribe(socket, "1", "subscription { silence }")
            assert await close_of(socket) == (4403, "The access token has expired.")
        assert subgraph.library.streams == 0

    async def test_and_when_it_is_revoked(self, subgraph: LibrarySubgraph) -> None:
        hooks = identified(ADA)
        async with router(subgraph, hooks=hooks) as url, opened(url) as socket:
            assert hooks.revocations.revoke("ada", "north") == 1
            assert await close_of(socket) == (4403, "The access token has been revoked.")

    async def test_and_when_that_happens_while_it_is_authenticated(self) -> None:
        async def authenticate(*_: Any) -> RequestContext:
            assert hooks.revocations.revoke("ada", "north") == 0
            return RequestContext(identity=ADA)

        hooks = Hooks(authenticate)
        for _ in range(2):  # the first revocation is counted like any other
            async with (
                router(LibrarySubgraph(), hooks=hooks) as url,
                connect(url, subprotocols=[TRANSPORT_WS]) as socket,
            ):
                await say(socket, type="connection_init")
                assert await close_of(socket) == (4403, "The access token has been revoked.")

    async def test_a_client_may_have_so_many(self) -> None:
        settings = StreamSettings(client_streams=1)
        async with router(LibrarySubgraph(), hooks=identified(ADA), settings=settings) as url:
            async with opened(url), connect(url, subprotocols=[TRANSPORT_WS]) as second:
                await say(second, type="connection_init")
                assert await close_of(second) == (1013, "This client has 1 streams open; end one first.")
            async with opened(url):
                pass

    @pytest.mark.parametrize("payload", [{"jwt": {"sub": "admin"}}, {"authorization": {"sub": "admin"}}, {"sub": "x"}])
    async def test_who_says_who_they_are_is_not_believed(self, payload: dict[str, Any]) -> None:
        async with router(LibrarySubgraph()) as url, opened(url, **payload) as socket:
            await subscribe(socket, "1", "{ whoami }")
            assert (await hear(socket))["payload"] == {"data": {"whoami": None}}


class Pushing:
    """A client that subscribes again and again, as fast as it is read.

    Attributes:
        read: messages that the router has taken.
        heard: messages that it has sent, of which the client reads none unless it `reads`.
    """

    def __init__(self, query: str, most: int, *, reads: bool) -> None:
        self._query = query
        self._most = most
        self._reads = reads
        self.read = 0
        self.heard: list[dict[str, Any]] = []

    async def receive(self) -> Message:
        self.read += 1
        if self.read == 1:
            return {"type": "websocket.connect"}
        if self.read == 2:
            return {"type": "websocket.receive", "text": '{"type":"connection_init"}'}
        if self.read > self._most + 2:
            await asyncio.Event().wait()
        begin = {"id": str(self.read), "type": "subscribe", "payload": {"query": self._query}}
        return {"type": "websocket.receive", "text": json.dumps(begin)}

    async def send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            self.heard.append(json.loads(message["text"]))
            if not self._reads:
                await asyncio.Event().wait()

    @asynccontextmanager
    async def served(self, subgraph: LibrarySubgraph, settings: StreamSettings) -> AsyncGenerator[None]:
        """Within the block the router serves it."""
        endpoint = WebSocketEndpoint(library_engine(subgraph), Hooks(), StreamKeeper.of(settings, Revocations()))
        scope = {"subprotocols": [TRANSPORT_WS], "headers": [], "client": None}
        serving = asyncio.ensure_future(endpoint(scope, self.receive, self.send))
        yield
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


class TestFloods:
    async def test_ten_thousand_subscriptions_on_one_socket_are_capped(self, subgraph: LibrarySubgraph) -> None:
        client = Pushing("subscription { silence }", 10_000, reads=True)
        async with client.served(subgraph, StreamSettings(operations=10, share=False)):
            async with asyncio.timeout(PATIENCE_SECONDS):
                while len(client.heard) < 9_991:  # noqa: ASYNC110  # a list tells nobody that it grows
                    await asyncio.sleep(0)
            assert subgraph.library.streams == 10
        refused = client.heard[1:]
        assert {each["type"] for each in refused} == {"error"}
        assert {each["payload"][0]["extensions"]["code"] for each in refused} == {"TOO_MANY_OPERATIONS"}
        assert subgraph.library.streams == 0

    async def test_who_begins_and_does_not_read_is_read_no_more(self, subgraph: LibrarySubgraph) -> None:
        """Refusals must not pile up."""
        client = Pushing("{ nothing }", 10_000, reads=False)
        async with client.served(subgraph, StreamSettings(queue=4)):
            for _ in range(2_000):
                await asyncio.sleep(0)
            assert 2 < client.read < 150


class TestCursors:
    async def test_a_client_goes_on_after_the_last_event_that_it_has_seen(self) -> None:
        async with router(LibrarySubgraph()) as url, opened(url) as socket:
            await subscribe(socket, "1", "subscription { chapters }", extensions={"cursor": "c4"})
            payload = {"data": {"chapters": 5}, "extensions": {"cursor": "c5"}}
            assert await hear(socket) == {"id": "1", "type": "next", "payload": payload}
            assert await hear(socket) == {"id": "1", "type": "complete"}

    async def test_history_that_is_gone_is_told(self) -> None:
        async with router(LibrarySubgraph()) as url, opened(url) as socket:
            await subscribe(socket, "1", "subscription { chapters }", extensions={"cursor": "c0"})
            message = await hear(socket)
        assert message["payload"]["errors"][0]["extensions"]["code"] == "HISTORY_GONE"
