"""Every operation over one WebSocket: the graphql-transport-ws protocol.

The legacy protocol, whose name is `graphql-ws`, is refused.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any, cast

import orjson
from starlette.types import Message, Receive, Scope, Send

from router.execute.json import JSONObject
from router.execute.response import Response
from router.serve.engine import Engine
from router.serve.errors import Refused, coded_error, masked
from router.serve.http.headers import read_headers
from router.serve.http.parse import parse_parameters
from router.serve.request import Hooks, RequestContext

PROTOCOL = "graphql-transport-ws"

POLICY_VIOLATION = 1008
TOO_BIG = 1009
INTERNAL_ERROR = 1011
BAD_REQUEST = 4400
INVALID_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
UNKNOWN_SUBPROTOCOL = 4406
INIT_TIMEOUT = 4408
ID_IN_USE = 4409
TOO_MANY_INITS = 4429

LONGEST_REASON = 123
"""Bytes that a close frame has room for."""

CLOSE_SECONDS = 1.0
"""How long a close frame may wait to be sent."""


class Closed(Exception):
    """The connection is to be closed, or is already (`code` None)."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocketEndpoint:
    """An ASGI application for one path."""

    def __init__(self, engine: Engine, hooks: Hooks) -> None:
        self._engine = engine
        self._hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        await receive()  # websocket.connect
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": UNKNOWN_SUBPROTOCOL, "reason": "Subprotocol not acceptable"})
            return
        try:
            headers = read_headers(scope["headers"])
        except Refused as refused:
            await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
            await send({"type": "websocket.close", "code": BAD_REQUEST, "reason": str(refused)})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        await Connection(self._engine, self._hooks, headers, receive, send).serve()


class Connection:
    """One client: its identity, its operations and what is waiting to be sent to it."""

    def __init__(self, engine: Engine, hooks: Hooks, headers: Mapping[str, str], receive: Receive, send: Send) -> None:
        self._engine = engine
        self._hooks = hooks
        self._headers = headers
        self._receive = receive
        self._send = send
        self._context: RequestContext | None = None
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._outbox: asyncio.Queue[JSONObject] = asyncio.Queue(engine.limits.socket_queue)

    async def serve(self) -> None:
        """Read until the client leaves or breaks the protocol; then end whatever still runs."""
        ends = asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write())
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel(*ends, *self._operations.values())
        for end in ends:
            if not end.cancelled():
                await self._close(end.exception())

    async def _close(self, cause: BaseException | None) -> None:
        if not isinstance(cause, Closed):
            if cause is not None:
                masked(cause)
            cause = Closed(INTERNAL_ERROR, "Internal error")
        if cause.code is not None:
            reason = cause.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
            # A client that does not read cannot be told; the server then drops the connection without a word.
            with suppress(TimeoutError, OSError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._send({"type": "websocket.close", "code": cause.code, "reason": reason})

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(self._engine.limits.socket_init_seconds):
                while self._context is None:
                    await self._handle(await self._next_message())
        except TimeoutError as error:
            raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from error
        while True:
            await self._handle(await self._next_message())

    async def _write(self) -> None:
        """Send what is queued; while the client does not read, the queue fills up and its operations wait."""
        while True:
            message = await self._outbox.get()
            text = orjson.dumps(message).decode()
            try:
                async with asyncio.timeout(self._engine.limits.socket_write_seconds):
                    await self._send({"type": "websocket.send", "text": text})
            except TimeoutError as error:
                raise Closed(POLICY_VIOLATION, "The client reads too slowly") from error
            except OSError as error:
                raise Closed(None) from error

    async def _next_message(self) -> JSONObject:
        event: Message = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Closed(None)
        text: str | None = event.get("text")
        if text is None:
            raise Closed(INVALID_MESSAGE, "Invalid message received: not text")
        if len(text) > self._engine.limits.body_bytes:
            raise Closed(TOO_BIG, "Message too big")
        try:
            message: Any = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Closed(INVALID_MESSAGE, "Invalid message received: not JSON") from error
        if not isinstance(message, dict) or not isinstance(cast("JSONObject", message).get("type"), str):
            raise Closed(INVALID_MESSAGE, "Invalid message received: no type")
        return cast("JSONObject", message)

    async def _handle(self, message: JSONObject) -> None:
        match message["type"]:
            case "connection_init":
                await self._initialise(message.get("payload"))
            case "ping":
                await self._outbox.put({"type": "pong", **_payload(message)})
            case "pong":
                pass
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                operation = self._operations.pop(_id(message), None)
                if operation is not None:
                    operation.cancel()
            case _:
                raise Closed(INVALID_MESSAGE, "Invalid message received: unknown type")

    async def _initialise(self, payload: object) -> None:
        if self._context is not None:
            raise Closed(TOO_MANY_INITS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise Closed(INVALID_MESSAGE, "Invalid message received: payload is not an object")
        parameters = cast("JSONObject", payload or {})
        if len({name.lower() for name in parameters}) < len(parameters):
            raise Closed(INVALID_MESSAGE, "Invalid message received: a parameter is given twice")
        try:
            self._context = await self._hooks.authenticate(self._headers, parameters)
        except Refused as refused:
            raise Closed(FORBIDDEN, str(refused)) from refused
        except Exception as error:
            masked(error)
            raise Closed(INTERNAL_ERROR, "Internal error") from error
        await self._outbox.put({"type": "connection_ack"})

    async def _subscribe(self, message: JSONObject) -> None:
        if self._context is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        id_ = _id(message)
        if id_ in self._operations:
            raise Closed(ID_IN_USE, f"Subscriber for {id_} already exists")
        if len(self._operations) >= self._engine.limits.socket_operations:
            error = coded_error("Too many operations on this connection.", "TOO_MANY_OPERATIONS")
            await self._outbox.put({"id": id_, "type": "error", "payload": [error]})
            return
        self._operations[id_] = asyncio.ensure_future(self._operate(id_, message.get("payload"), self._context))

    async def _operate(self, id_: str, payload: object, context: RequestContext) -> None:
        """Run one operation; whatever ends it, the client hears of it, unless it asked for the end itself."""
        try:
            request = parse_parameters(payload)
            async with aclosing(self._engine.subscribe(request, context)) as responses:
                async for response in responses:
                    await self._next(id_, response)
            await self._outbox.put({"id": id_, "type": "complete"})
        except Refused as refused:
            await self._outbox.put({"id": id_, "type": "error", "payload": refused.errors})
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            await self._outbox.put({"id": id_, "type": "error", "payload": [masked(error)]})
        finally:
            if self._operations.get(id_) is asyncio.current_task():
                del self._operations[id_]

    async def _next(self, id_: str, response: Response) -> None:
        await self._outbox.put({"id": id_, "type": "next", "payload": response.as_json()})


async def _cancel(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _id(message: JSONObject) -> str:
    id_: Any = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise Closed(INVALID_MESSAGE, "Invalid message received: no id")
    return id_


def _payload(message: JSONObject) -> JSONObject:
    return {"payload": message["payload"]} if "payload" in message else {}
