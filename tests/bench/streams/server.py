"""`python -m tests.bench.streams.server router|tenant|floor PORT`: what the streams of the benches are opened at.

`router` is our router over one subgraph in its own process, whose subscription gives an event each time that a mutation
says so; in `tenant` each of its clients is a caller of one tenant, all of whom may share the events. `floor` is the
server that it runs under, with an application that accepts sockets and sends ready bytes to all of them: no application
behind that server does less.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.serve import Engine, Hooks, RequestContext, StreamSettings, create_app
from router.serve.access.identity import Identity
from router.serve.life.memory import collect_rarely
from router.serve.life.server import SERVER
from tests.bench.gateways.http_server import LOOPBACK

SDL = """
type Query { held: Int! }
type Mutation { fire(now: Float!): Int! }
type Subscription { event(of: Int): Event! }
type Event { at: Float!  title: String!  of: Int }
"""
TITLE = "A lesson of yours has begun" * 4


class Events:
    """The subgraph: every subscription waits for the same events."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[float]] = set()

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """How many subscriptions there are; a mutation gives them all an event."""
        held, moment = len(self._waiting), (variables or {}).get("now")
        if moment is None:
            return {"data": {"held": held}}
        waiting, self._waiting = self._waiting, set()
        for each in waiting:
            each.set_result(moment)
        return {"data": {"fire": held}}

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        """An event at each moment."""
        of = (variables or {}).get("of")
        while True:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                moment = await future
            finally:
                self._waiting.discard(future)
            yield {"data": {"event": {"at": moment, "title": TITLE, "of": of}}}


async def in_one_tenant(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
    """A caller by the name that they say, which is verified in better places."""
    name = (parameters or {}).get("authorization")
    return RequestContext() if name is None else RequestContext(identity=Identity(name, "north"))


def router(kind: str) -> ASGIApp:
    """Our router, which keeps as many streams as anybody opens."""
    composed = compose([Subgraph("events", "http://events", SDL)])
    assert isinstance(composed, Composed)
    events = Events()
    transport = InProcessTransport(events.execute, events.subscribe)
    engine = Engine.from_sdl(composed.supergraph_sdl, {"events": transport})
    shared = ("event",) if kind == "tenant" else ()
    hooks = Hooks(in_one_tenant) if kind == "tenant" else None
    streams = StreamSettings(client_streams=None, init_seconds=60, shared_fields=shared)
    return create_app(engine, hooks=hooks, graphiql=False, streams=streams)


class Floor:
    """As much of the protocols as the client of the benches needs, and nothing else."""

    def __init__(self) -> None:
        self._sends: set[Send] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        if scope["type"] == "http":
            await self._fire(receive, send)
            return
        await receive()
        await send({"type": "websocket.accept", "subprotocol": "graphql-transport-ws"})
        await receive()
        await send({"type": "websocket.send", "text": '{"type":"connection_ack"}'})
        await receive()
        self._sends.add(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self._sends.discard(send)

    async def _fire(self, receive: Receive, send: Send) -> None:
        asked: dict[str, Any] = orjson.loads((await receive())["body"])["variables"] or {}
        moment: float | None = asked.get("now")
        answer = b'{"data":{"held":%d}}' % len(self._sends)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})
        if moment is not None:
            event = {"event": {"at": moment, "title": TITLE, "of": None}}
            text = orjson.dumps({"id": "1", "type": "next", "payload": {"data": event}}).decode()
            for each in list(self._sends):
                await each({"type": "websocket.send", "text": text})


def main(kind: str, port: int) -> None:
    """Serve until somebody ends the process."""
    app, lifespan = (Floor(), "off") if kind == "floor" else (router(kind), "on")
    collect_rarely()  # as `serve` does
    uvicorn.run(app, host=LOOPBACK, port=port, backlog=4096, lifespan=lifespan, **SERVER)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
