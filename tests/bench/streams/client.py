"""`python -m tests.bench.streams.client PORT SOURCE`: many clients in one process, told line by line what to do.

They speak just enough WebSocket, graphql-transport-ws and HTTP to take the times of events, so that they cost far less
than the server. A command is a JSON object with a name and arguments, its answer a JSON object; each is a line.
"""

import asyncio
import re
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import uvloop

from tests.bench.gateways.http_server import LOOPBACK

AT_ONCE = 50
"""Connections that are being opened at a time."""

PATIENCE_SECONDS = 60.0
QUERY = "subscription Watch($of: Int) { event(of: $of) { at title of } }"
ACCEPTS = {"sse": "text/event-stream", "multipart": 'multipart/mixed; subscriptionSpec="1.0"'}
AT = re.compile(rb'"at":([0-9.]+)')

UPGRADE = (
    b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)


@dataclass
class Seen:
    """What the streams of this process have seen.

    Attributes:
        taken: seconds that each event took, by the moment when it was made, as it was written.
    """

    open: int = 0
    lost: int = 0
    pings: int = 0
    taken: dict[bytes, list[float]] = field(default_factory=lambda: defaultdict[bytes, list[float]](list))

    def take(self, data: bytes) -> bool:
        """Take note of an event, if it is one."""
        found = AT.search(data)
        if found is None:
            return False
        self.taken[found[1]].append(time.monotonic() - float(found[1]))
        return True


class Stream(asyncio.Protocol):
    """One client's subscription."""

    def __init__(self, seen: Seen, of: int | None, name: str = "") -> None:
        self._seen = seen
        self._init = {"authorization": name} if name else {}
        self._parameters = {"query": QUERY, "variables": {"of": of}}
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's transports are none of asyncio's classes
        self._transport.write(self.opening())

    def connection_lost(self, exc: Exception | None) -> None:
        if self.opened.done():
            self._seen.open -= 1
            self._seen.lost += 1
        else:
            self.opened.set_exception(exc or ConnectionError("The server closed a connection."))

    def opening(self) -> bytes:
        """What the client sends first."""
        raise NotImplementedError

    def _subscribed(self) -> None:
        self._seen.open += 1
        self.opened.set_result(None)


class WebSocketStream(Stream):
    """Over graphql-transport-ws."""

    def opening(self) -> bytes:
        return UPGRADE

    def data_received(self, data: bytes) -> None:
        if self._seen.take(data):
            return
        if data.startswith(b"HTTP/1.1 101"):
            self._transport.write(frame({"type": "connection_init", "payload": self._init}))
        elif b'"connection_ack"' in data:
            self._transport.write(frame({"id": "1", "type": "subscribe", "payload": self._parameters}))
            self._subscribed()
        elif data[:1] == b"\x89":
            self._seen.pings += 1
            self._transport.write(b"\x8a\x84\0\0\0\0" + data[2:6])
        elif b'"ping"' in data:
            self._seen.pings += 1
            self._transport.write(frame({"type": "pong"}))
        else:
            raise RuntimeError(data)


class HttpStream(Stream):
    """Over a response that does not end."""

    def __init__(self, seen: Seen, of: int | None, accept: str) -> None:
        super().__init__(seen, of)
        self._accept = accept

    def opening(self) -> bytes:
        return post(self._parameters, self._accept)

    def data_received(self, data: bytes) -> None:
        if self._seen.take(data):
            return
        if self.opened.done():
            self._seen.pings += 1
        elif data.startswith(b"HTTP/1.1 200"):
            self._subscribed()
        else:
            raise RuntimeError(data)


def frame(message: dict[str, Any]) -> bytes:
    """A client's text frame, with the mask that changes nothing."""
    text = orjson.dumps(message)
    length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
    return b"\x81" + length + b"\0\0\0\0" + text


def post(parameters: dict[str, Any], accept: str) -> bytes:
    """The bytes of a POST."""
    body = orjson.dumps(parameters)
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\nAccept: {accept}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Clients:
    """All streams of this process."""

    def __init__(self, port: int, source: str) -> None:
        self._port = port
        self._source = source
        self._seen = Seen()
        self._streams: list[Stream] = []

    async def open(
        self, count: int, form: str = "websocket", *, distinct: bool = False, named: bool = False
    ) -> dict[str, Any]:
        """Open so many more streams, which ask for the same or each for something else, perhaps each by its name."""
        began = time.monotonic()
        begin = len(self._streams)
        for first in range(begin, begin + count, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, begin + count))
            await asyncio.gather(
                *(self._open(form, each if distinct else None, str(each) if named else "") for each in numbers)
            )
        return {"seconds": time.monotonic() - began}

    async def _open(self, form: str, of: int | None, name: str) -> None:
        accept = ACCEPTS.get(form)
        made = WebSocketStream(self._seen, of, name) if accept is None else HttpStream(self._seen, of, accept)
        self._streams.append(made)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: made, LOOPBACK, self._port, local_addr=(self._source, 0))
        await asyncio.wait_for(made.opened, PATIENCE_SECONDS)

    async def taken(self, moment: str) -> dict[str, Any]:
        """The seconds that an event took to each stream, when it has come to all or does not come any more."""
        key = moment.encode()
        until = time.monotonic() + PATIENCE_SECONDS
        while len(self._seen.taken[key]) < self._seen.open and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # to wake somebody at each event would cost time that is measured
        return {"taken": self._seen.taken.pop(key)}

    async def count(self) -> dict[str, Any]:
        """How many streams there are, and what else they have seen."""
        return {"open": self._seen.open, "lost": self._seen.lost, "pings": self._seen.pings}


async def obey(clients: Clients) -> None:
    """Do what standard input says, until it ends."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        command = orjson.loads(line)
        answer = await getattr(clients, command.pop("do"))(**command)
        sys.stdout.write(orjson.dumps(answer).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(obey(Clients(int(sys.argv[1]), sys.argv[2])))
