"""A server that does nothing but answer: one `asyncio.Protocol` over httptools, so cheap that it limits nobody."""

import asyncio
import functools
import json
import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias, cast

import httptools
import uvloop

LOOPBACK = "127.0.0.1"
Answer: TypeAlias = Callable[[bytes], bytes]
"""A request's body → the bytes of a whole HTTP response."""


class Server(asyncio.Protocol):
    """One connection."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = []

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._transport.write(self._answer(b"".join(self._body)))


def reply(body: bytes) -> bytes:
    """The bytes of a response with a JSON body."""
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def run(answers: Mapping[str, Answer], ports: Mapping[str, int] | None = None) -> None:
    """Serve each name on a port of its own and write the ports, as JSON, in one line to standard output."""
    uvloop.run(_serve(answers, ports or {}))


async def _serve(answers: Mapping[str, Answer], ports: Mapping[str, int]) -> None:
    loop = asyncio.get_running_loop()
    bound: dict[str, int] = {}
    for name, answer in answers.items():
        server = await loop.create_server(functools.partial(Server, answer), LOOPBACK, ports.get(name, 0))
        bound[name] = server.sockets[0].getsockname()[1]
    sys.stdout.write(json.dumps(bound) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()
