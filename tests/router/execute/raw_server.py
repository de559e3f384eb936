"""A server that writes whatever bytes a test wants, which no HTTP framework would."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import orjson

Script: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""What happens on one connection, from its beginning to its end."""

JSON = orjson.dumps({"data": {"a": 1}})


def reply(body: bytes = JSON, head: bytes = b"HTTP/1.1 200 OK", **headers: str) -> bytes:
    """A response as it should be, unless a header says otherwise."""
    lines = {"content-length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return head + b"\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode() + b"\r\n" + body


async def take_request(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of the next request.

    Raises:
        IncompleteReadError: there is none.
    """
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return head, await reader.readexactly(int(length.split(b":")[1]))


def saying(*answers: bytes, hold: bool = False) -> Script:
    """Answers one request after the other with these bytes, and then closes the connection, or holds it."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await take_request(reader)
            writer.write(answer)
            await writer.drain()
        if hold:
            await reader.read()

    return script


@asynccontextmanager
async def raw_server(*scripts: Script, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """The URL of a server whose connections follow a script each, all beyond the last one that one."""
    begun = 0
    running: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal begun
        begun += 1
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        # the client may leave whenever it likes
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await scripts[min(begun, len(scripts)) - 1](reader, writer)
        writer.close()
        running.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for task in running:
            task.cancel()
        await server.wait_closed()
