"""The graphql-transport-ws protocol over a Starlette WebSocket.

Source: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from enum import IntEnum
from typing import Any

import msgspec
import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from shared.graphql.request import GraphQLRequest
from shared.graphql.service import Answer, GraphQLService

PROTOCOL = "graphql-transport-ws"
INIT_TIMEOUT_S = 10.0


class CloseCode(IntEnum):
    """Why the server closes a socket."""

    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    SUBPROTOCOL_NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    TOO_MANY_INITS = 4429


class _Message(msgspec.Struct):
    type: str
    id: str = ""
    payload: dict[str, Any] | None = None


class _Closed(Exception):
    """The client broke the protocol: close with this code."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class WebSocketConnection:
    """One client's socket: its handshake, and the operations that run over it at the same time."""

    def __init__(self, socket: WebSocket, service: GraphQLService) -> None:
        self._socket = socket
        self._service = service
        self._headers: Mapping[str, str] = dict(socket.headers)
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._decoder = msgspec.json.Decoder(_Message)

    async def serve(self) -> None:
        """Talk until either side closes; then end every operation."""
        if PROTOCOL not in self._socket.scope.get("subprotocols", ()):
            await self._socket.accept()
            await self._socket.close(CloseCode.SUBPROTOCOL_NOT_ACCEPTABLE, "Subprotocol not acceptable")
            return
        await self._socket.accept(subprotocol=PROTOCOL)
        try:
            await self._initialise()
            while True:
                await self._handle(await self._receive())
        except WebSocketDisconnect:
            pass
        except _Closed as closed:
            await self._socket.close(closed.code, closed.reason)
        finally:
            await self._end_operations()

    async def _initialise(self) -> None:
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S):
                while (message := await self._receive()).type != "connection_init":
                    if message.type != "ping":
                        raise _Closed(CloseCode.UNAUTHORIZED, "Unauthorized")
                    await self._send({"type": "pong"})
        except TimeoutError as error:
            raise _Closed(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from error
        parameters = {name.lower(): value for name, value in (message.payload or {}).items() if isinstance(value, str)}
        self._headers = {**self._headers, **parameters}
        await self._send({"type": "connection_ack"})

    async def _receive(self) -> _Message:
        try:
            return self._decoder.decode(await self._socket.receive_text())
        except (msgspec.DecodeError, KeyError) as error:  # KeyError: a binary frame
            raise _Closed(CloseCode.BAD_REQUEST, "Invalid message") from error

    async def _handle(self, message: _Message) -> None:
        match message.type:
            case "subscribe":
                self._start(message)
            case "complete":
                if task := self._operations.pop(message.id, None):
                    task.cancel()
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                pass
            case "connection_init":
                raise _Closed(CloseCode.TOO_MANY_INITS, "Too many initialisation requests")
            case _:
                raise _Closed(CloseCode.BAD_REQUEST, "Unknown message type")

    def _start(self, message: _Message) -> None:
        if message.id in self._operations:
            raise _Closed(CloseCode.SUBSCRIBER_EXISTS, f"Subscriber for {message.id} already exists")
        try:
            request = msgspec.convert(message.payload, GraphQLRequest)
        except msgspec.ValidationError as error:
            raise _Closed(CloseCode.BAD_REQUEST, "Invalid subscribe payload") from error
        task = asyncio.create_task(self._run(message.id, request))
        self._operations[message.id] = task

    async def _run(self, id_: str, request: GraphQLRequest) -> None:
        headers = {**self._headers, **_last_event_id(request)}
        answers = self._service.subscribe(request.query, request.variables, request.operation_name, headers)
        with suppress(WebSocketDisconnect):
            async with aclosing(answers):
                refused = await self._forward(id_, answers)
            if self._operations.get(id_) is asyncio.current_task():
                del self._operations[id_]
                if not refused:
                    await self._send({"type": "complete", "id": id_})

    async def _forward(self, id_: str, answers: AsyncGenerator[Answer]) -> bool:
        """Send the answers; true if the operation was refused before it ran, which ends it."""
        async for answer in answers:
            if "data" not in answer:
                await self._send({"type": "error", "id": id_, "payload": answer["errors"]})
                return True
            await self._send({"type": "next", "id": id_, "payload": answer})
        return False

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._socket.application_state is WebSocketState.CONNECTED:
            await self._socket.send_text(orjson.dumps(message).decode())

    async def _end_operations(self) -> None:
        tasks = list(self._operations.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _last_event_id(request: GraphQLRequest) -> Mapping[str, str]:
    """What an HTTP request would say of where its subscription goes on."""
    cursor = (request.extensions or {}).get("cursor")
    return {"last-event-id": cursor} if isinstance(cursor, str) else {}
