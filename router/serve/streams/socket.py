"""JSON messages over one WebSocket."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import orjson
from starlette.types import Message, Receive, Send

from router.execute.json import JSONObject
from router.serve.streams.closing import INVALID_MESSAGE, LONGEST_REASON, TOO_BIG, TRY_AGAIN_LATER, Closed

CLOSE_SECONDS = 1.0
"""How long a close frame may wait to be sent."""


class Socket:
    """An accepted WebSocket whose client sends objects with a type."""

    def __init__(self, receive: Receive, send: Send, *, message_bytes: int, write_seconds: float) -> None:
        """Wrap a connection.

        Args:
            receive: of ASGI.
            send: of ASGI.
            message_bytes: most that a message may have.
            write_seconds: that a message may wait for a slow reader.
        """
        self._receive = receive
        self._send = send
        self._message_bytes = message_bytes
        self._write_seconds = write_seconds

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

    async def write(self, message: JSONObject) -> None:
        """Send a message.

        Raises:
            Closed: the client reads too slowly, or has gone.
        """
        text = orjson.dumps(message).decode()
        try:
            async with asyncio.timeout(self._write_seconds):
                await self._send({"type": "websocket.send", "text": text})
        except TimeoutError as error:
            raise Closed(TRY_AGAIN_LATER, "The client reads too slowly") from error
        except OSError as error:
            raise Closed(None) from error

    async def close(self, why: Closed) -> None:
        """Say why, if there is anybody to hear it."""
        if why.code is None:
            return
        reason = why.reason.encode()[:LONGEST_REASON].decode(errors="ignore")
        # A client that does not read cannot be told; the server then drops the connection without a word.
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": why.code, "reason": reason})
