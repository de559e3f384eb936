"""The other ways in: a WebSocket, and an answer of server-sent events."""

import asyncio
import secrets
from collections.abc import AsyncGenerator

import aiohttp
import orjson

from tests.isolation.client import Answer, Client
from tests.isolation.graph import Operation

_PROTOCOL = "graphql-transport-ws"
_LONGEST_SILENCE = 5.0
"""After so many seconds a subscription counts as one that has begun; nothing is said of it then."""
_ENDS = {"complete", "error"}


async def ask_websocket(client: Client, operation: Operation, token: str | None) -> Answer:
    """The first thing that is said of an operation, over a socket of its own."""
    url = f"ws://{client.address.router}/graphql"
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
    async with client.http.ws_connect(url, protocols=[_PROTOCOL], headers=headers) as socket:
        await socket.send_json({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}})
        assert (await socket.receive_json())["type"] == "connection_ack"
        payload = {"query": operation.query, "variables": operation.variables}
        await socket.send_json({"type": "subscribe", "id": "1", "payload": payload})
        return Answer(200, await _first(_messages(socket)))


async def _messages(socket: aiohttp.ClientWebSocketResponse) -> AsyncGenerator[str]:
    async for message in socket:
        told = orjson.loads(message.data)
        if told["type"] in {"next", "error"}:
            payload = told["payload"]
            yield orjson.dumps({"errors": payload} if told["type"] == "error" else payload).decode()
        if told["type"] in _ENDS:
            return


async def ask_events(client: Client, operation: Operation, token: str | None) -> Answer:
    """The first event of an operation that is answered by a stream of them."""
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    body = {"query": operation.query, "variables": operation.variables}
    async with client.http.post(f"http://{client.address.router}/graphql", json=body, headers=headers) as response:
        assert response.content_type == "text/event-stream", await response.text()
        return Answer(response.status, await _first(_events(response)))


async def _events(response: aiohttp.ClientResponse) -> AsyncGenerator[str]:
    async for line in response.content:
        if line.startswith(b"data:") and (told := line.removeprefix(b"data:").strip()):
            yield told.decode()


async def _first(messages: AsyncGenerator[str]) -> str:
    try:
        async with asyncio.timeout(_LONGEST_SILENCE):
            return await anext(messages)
    except (TimeoutError, StopAsyncIteration):
        return "{}"
    finally:
        await messages.aclose()
