"""The same question over every transport, from clients who name tenants in several places."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

import orjson
from starlette.types import ASGIApp

from router.serve import Identity, RequestContext
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.streams.asgi import requested

SERVED = "served"


async def authenticate(headers: Mapping[str, str], parameters: Mapping[str, Any] | None) -> RequestContext:
    """Believes tokens of the form `subject@tenant`, with scopes after a colon; nothing after the @ is no tenant."""
    token = (parameters or {}).get("authorization", headers.get("authorization"))
    if token is None:
        return RequestContext()
    who, _, scopes = token.partition(":")
    subject, _, tenant = who.partition("@")
    return RequestContext(identity=Identity(subject, tenant or None, scopes=frozenset(scopes.split())))


@dataclass(frozen=True)
class Client:
    """How somebody asks.

    Attributes:
        headers: of the request or the handshake.
        prefix: before the usual paths.
        parameters: of `connection_init`.
    """

    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    prefix: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def path(self) -> str:
        return f"{self.prefix}/graphql"


Outcome: TypeAlias = tuple[str, Any]
"""What is served, or the code of a refusal; and what came."""

Way: TypeAlias = Callable[[ASGIApp, Client, str], Awaitable[Outcome]]


async def by_post(app: ASGIApp, client: Client, query: str) -> Outcome:
    return await _whole(app, client, body={"query": query})


async def by_get(app: ASGIApp, client: Client, query: str) -> Outcome:
    return await _whole(app, client, "GET", query="query=" + query.replace(" ", "%20"))


async def in_a_batch(app: ASGIApp, client: Client, query: str) -> Outcome:
    return await _whole(app, client, body=[{"query": "{ __typename }"}, {"query": query}])


async def by_events(app: ASGIApp, client: Client, query: str) -> Outcome:
    """Server-sent events in a connection of their own."""
    headers = {**client.headers, "accept": "text/event-stream"}
    async with requested(app, path=client.path, body={"query": query}, **headers) as answer:
        text = await answer.rest()
    if answer.status == 200:
        text = next(line.removeprefix(b"data: ") for line in text.split(b"\n") if line.startswith(b"data: {"))
    return _outcome(orjson.loads(text))


async def by_single_connection(app: ASGIApp, client: Client, query: str) -> Outcome:
    """Server-sent events in one connection for several operations."""
    path = client.path + "/stream"
    async with requested(app, "PUT", path, **client.headers) as answer:
        token = await answer.rest()
    if answer.status != 201:
        return _outcome(orjson.loads(token))
    headers = {**client.headers, "x_graphql_event_stream_token": token.decode()}
    body = {"query": query, "extensions": {"operationId": "one"}}
    async with requested(app, "POST", path, body=body, **headers) as answer:
        refused = await answer.rest()
    if answer.status != 202:
        return _outcome(orjson.loads(refused))
    async with requested(app, "GET", path, accept="text/event-stream", **headers) as stream:
        assert await stream.chunk() == b":\n\n"
        event = (await stream.chunk()).split(b"data: ")[1]
    return _outcome(orjson.loads(event)["payload"])


async def by_websocket(app: ASGIApp, client: Client, query: str) -> Outcome:
    """graphql-transport-ws; one who may not come in is told so as the connection closes."""
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    messages: list[dict[str, Any]] = [
        {"type": "connection_init", "payload": dict(client.parameters)},
        {"type": "subscribe", "id": "one", "payload": {"query": query}},
    ]
    incoming = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": orjson.dumps(each).decode()} for each in messages]
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": client.path,
        "root_path": "",
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in client.headers.items()],
        "subprotocols": ["graphql-transport-ws"],
        "client": ("192.0.2.1", 1),
    }
    left = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if incoming:
            return incoming.pop(0)
        await left.wait()
        return {"type": "websocket.disconnect"}

    async def send(message: Any) -> None:
        sent.put_nowait(message)

    running = asyncio.ensure_future(app(scope, receive, send))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                event = await sent.get()
                if event["type"] == "websocket.close":
                    return event["reason"], event["code"]
                message = orjson.loads(event.get("text") or "{}")
                if message.get("type") == "next":
                    return _outcome(message["payload"])
                if message.get("type") == "error":
                    return _outcome({"errors": message["payload"]})
    finally:
        left.set()
        await running


WAYS: Mapping[str, Way] = {
    "post": by_post,
    "get": by_get,
    "batch": in_a_batch,
    "events": by_events,
    "single connection": by_single_connection,
    "websocket": by_websocket,
}


async def _whole(app: ASGIApp, client: Client, method: str = "POST", **rest: Any) -> Outcome:
    async with requested(app, method, client.path, **rest, **client.headers) as answer:
        return _outcome(orjson.loads(await answer.rest()))


def _outcome(answers: Any) -> Outcome:
    answer = cast("list[Any]", answers)[-1] if isinstance(answers, list) else answers
    if answer.get("data") is None and answer.get("errors"):
        return str(answer["errors"][0]["extensions"]["code"]), answer
    return SERVED, answer
