"""Subscriptions at a subgraph over graphql-transport-ws, one connection each.

A connection of its own gives every subscription its own identity and its own back-pressure: while the reader is busy,
nothing is read from the socket.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, cast

import aiohttp
import orjson

from router.execute.json import JSONObject, read_json
from router.execute.transport.base import (
    MalformedResponse,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnreachable,
    parse_response,
)
from router.execute.transport.headers import forwarded
from router.execute.transport.payload import parameters_of

PROTOCOL = "graphql-transport-ws"
OPERATION_ID = "1"
HEARTBEAT_SECONDS = 30.0


async def subscribe_over_websocket(
    session: aiohttp.ClientSession,
    url: str,
    request: SubgraphRequest,
    *,
    opening_seconds: float,
    max_event_bytes: int,
) -> AsyncGenerator[SubgraphResponse]:
    """One response per event; the request's headers go with the handshake and as the connection's payload.

    Raises:
        SubgraphFailure: no connection, or it broke, or what came was not the protocol.
    """
    headers = dict(forwarded(request.headers))
    try:
        async with asyncio.timeout(opening_seconds):
            socket = await _connect(session, url, request.subgraph, headers, max_event_bytes)
    except TimeoutError as error:
        raise SubgraphTimeout(f"Subgraph {request.subgraph} did not answer in time.") from error
    except aiohttp.ClientError as error:
        raise SubgraphUnreachable(f"Subgraph {request.subgraph} cannot be reached.") from error
    try:
        await _send(socket, {"id": OPERATION_ID, "type": "subscribe", "payload": parameters_of(request)})
        async for response in _events(socket, request.subgraph):
            yield response
    except ConnectionError as error:
        raise SubgraphUnreachable(f"Subgraph {request.subgraph} broke off the stream.") from error
    finally:
        # Closing the connection ends the operation too, whether or not the subgraph was asked to complete it.
        await socket.close()


async def _connect(
    session: aiohttp.ClientSession, url: str, subgraph: str, headers: Mapping[str, str], max_event_bytes: int
) -> aiohttp.ClientWebSocketResponse:
    """An acknowledged connection."""
    socket = await session.ws_connect(
        url.replace("http", "ws", 1),
        protocols=(PROTOCOL,),
        headers=headers,
        max_msg_size=max_event_bytes,
        heartbeat=HEARTBEAT_SECONDS,
    )
    try:
        await _send(socket, {"type": "connection_init", "payload": dict(headers)})
        while (message := await _receive(socket, subgraph))["type"] != "connection_ack":
            await _answer_ping(socket, message)
    except BaseException:
        await socket.close()
        raise
    return socket


async def _events(socket: aiohttp.ClientWebSocketResponse, subgraph: str) -> AsyncGenerator[SubgraphResponse]:
    while True:
        message = await _receive(socket, subgraph)
        match message["type"]:
            case "next":
                yield parse_response(message.get("payload"))
            case "error":
                yield parse_response({"errors": message.get("payload")})
                return
            case "complete":
                return
            case _:
                await _answer_ping(socket, message)


async def _answer_ping(socket: aiohttp.ClientWebSocketResponse, message: JSONObject) -> None:
    if message["type"] == "ping":
        await _send(socket, {"type": "pong"})


async def _send(socket: aiohttp.ClientWebSocketResponse, message: JSONObject) -> None:
    await socket.send_str(orjson.dumps(message).decode())


async def _receive(socket: aiohttp.ClientWebSocketResponse, subgraph: str) -> JSONObject:
    frame = await socket.receive()
    if frame.type is not aiohttp.WSMsgType.TEXT:
        reason = f"{frame.data} {frame.extra or ''}".strip() if frame.type is aiohttp.WSMsgType.CLOSE else "lost"
        raise SubgraphUnreachable(f"Subgraph {subgraph} closed the stream ({reason}).")
    try:
        message: Any = read_json(frame.data)
    except ValueError as error:
        raise MalformedResponse(f"Subgraph {subgraph} sent a message that is not JSON.") from error
    if not isinstance(message, dict) or "type" not in message:
        raise MalformedResponse(f"Subgraph {subgraph} sent a message without a type.")
    return cast("JSONObject", message)
