"""JSON messages over one WebSocket."""

from contextlib import suppress
from typing import Any, cast

import orjson
from starlette.types import Message, Receive, Scope, Send

from router.execute.json import JSONObject
from router.serve.streams.closing import INVALID_MESSAGE, LONGEST_REASON, TOO_BIG, TRY_AGAIN_LATER, Closed
from router.serve.streams.wire.wire import EXTENSION, Wire
from router.serve.ticks import TICKS

CLOSE_SECONDS = 1.0
"""How long a close frame may wait to be sent."""


class Socket:
    """An accepted WebSocket whose client sends objects with a type.

    Attributes:
        wire: the short way out, if the server has one.
    """

    __slots__ = ("_message_bytes", "_receive", "_send", "_write_seconds", "wire")

    def __init__(
        self, receive: Receive, send: Send, *, message_bytes: int, write_seconds: float, wire: Wire | None = None
    ) -> None:
        """Wrap a connection.

        Args:
            receive: of ASGI.
            send: of ASGI.
            message_bytes: most that a message may have.
            write_seconds: that a message may wait for a slow reader.
            wire: what the server offers beside ASGI.
        """
        self._receive = receive
        self._send = send
        self._message_bytes = message_bytes
        self._write_seconds = write_seconds
        self.wire = wire

    async def read(self) -> JSONObject:
        """The next message, as the client sent it.

        Raises:
            Closed: the client has gone, or sent something else.
        """
        event: Message = await self._receive()
        if event["type"] == "websocket.disconnect":
            raise Closed(None)
        text: str | None = event.get("text")
        if text is None:
            raise Closed(INVALID_MESSAGE, "Invalid message received: not text")
        if len(text) > self._message_bytes:
            raise Closed(TOO_BIG, "Message too big")
        try:
            message: Any = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Closed(INVALID_MESSAGE, "Invalid message received: not JSON") from error
        if not isinstance(message, dict) or not isinstance(cast("JSONObject", message).get("type"), str):
            raise Closed(INVALID_MESSAGE, "Invalid message received: no type")
        return cast("JSONObject", message)

    async def write(self, text: bytes) -> None:
        """Send a message.

        Raises:
            Closed: the client reads too slowly, or has gone.
        """
        try:
            with TICKS.within(self._write_seconds):
                await self._send({"type": "websocket.send", "text": text.decode()})
        except TimeoutError as error:
            raise too_slow() from error
        except OSError as error:
            raise Closed(None) from error

    async def close(self, why: Closed) -> None:
        """Say why, if there is anybody to hear it."""
        if why.code is None:
            return
        reason = why.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        # A client that does not read cannot be told; the server then drops the connection without a word.
        with suppress(TimeoutError, OSError), TICKS.within(CLOSE_SECONDS):
            await self._send({"type": "websocket.close", "code": why.code, "reason": reason})


def too_slow() -> Closed:
    """Why a client is given up that does not read."""
    return Closed(TRY_AGAIN_LATER, "The client reads too slowly")


def wire_of(scope: Scope) -> Wire | None:
    """The short way out of a WebSocket, if its server has one."""
    extensions: dict[str, Any] = scope.get("extensions") or {}
    return extensions[EXTENSION]["wire"] if EXTENSION in extensions else None
