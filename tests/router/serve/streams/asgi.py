"""A client of an ASGI application that reads a response while it comes, without a network."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.types import ASGIApp, Message

from tests.patience import PATIENCE_SECONDS


class Reading:
    """One HTTP exchange.

    Attributes:
        reads: cleared while the client does not read: what the application sends then waits.
    """

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.reads.set()
        self._sent: asyncio.Queue[Message] = asyncio.Queue()
        self._left = asyncio.Event()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.ended = False

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self._sent.put_nowait(message)

    async def begin(self) -> None:
        """Wait for the response to begin."""
        start = await self._next()
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}

    async def chunk(self) -> bytes:
        """The next piece of the body."""
        message = await self._next()
        self.ended = not message.get("more_body", False)
        return message.get("body", b"")

    async def rest(self) -> bytes:
        """All that is still to come of the body."""
        found = b""
        while not self.ended:
            found += await self.chunk()
        return found

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()

    async def left(self) -> None:
        await self._left.wait()

    async def _next(self) -> Message:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._sent.get()


@asynccontextmanager
async def requested(
    app: ASGIApp,
    method: str = "POST",
    path: str = "/graphql",
    query: str = "",
    body: object = None,
    **headers: str,
) -> AsyncGenerator[Reading]:
    """A response that has begun; the client leaves at the end of the block, and the application has to notice.

    A `body` that is a function is called when the application reads it, and gives it.
    """
    reading = Reading()
    lines: Mapping[str, str] = {**({} if body is None else {"content-type": "application/json"}), **headers}
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in lines.items()],
        "client": ("192.0.2.1", 1),
    }
    taken = False

    async def receive() -> Message:
        nonlocal taken
        if not taken:
            taken = True
            value = body() if callable(body) else body
            content = b"" if value is None else orjson.dumps(value)
            return {"type": "http.request", "body": content, "more_body": False}
        await reading.left()
        return {"type": "http.disconnect"}

    running = asyncio.ensure_future(app(scope, receive, reading.send))
    try:
        await reading.begin()
        yield reading
    finally:
        reading.leave()
        reading.reads.set()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await running
