"""A load generator that checks every answer: keep-alive connections that post one request over and over."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.request import Request, urlopen

import httptools
import orjson
import uvloop

from tests.bench.gateways.http_server import LOOPBACK


@dataclass
class Seen:
    """What one run saw; latencies in seconds."""

    expected: Any
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list[float])
    wrong: list[bytes] = field(default_factory=list[bytes])
    right: set[bytes] = field(default_factory=set[bytes])
    """Bodies that say what is expected: gateways may write it in different ways, but each in few."""

    def check(self, body: bytes) -> None:
        """Take note of an answer."""
        if body not in self.right:
            if orjson.loads(body) == {"data": self.expected}:
                self.right.add(body)
            else:
                self.wrong.append(body[:300])

    def percentile(self, share: float) -> float:
        """The latency in milliseconds below which `share` (0 to 1) of the answers lie."""
        ranked = sorted(self.latencies)
        return ranked[min(int(len(ranked) * share), len(ranked) - 1)] * 1000 if ranked else 0.0


class Connection(asyncio.Protocol):
    """Sends its request again as soon as it is answered, until the time is over."""

    def __init__(self, request: bytes, until: float, seen: Seen) -> None:
        self._request = request
        self._until = until
        self._seen = seen
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("The gateway closed a connection."))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._seen.latencies.append(time.perf_counter() - self._began)
        self._seen.check(b"".join(self._body))
        if time.perf_counter() < self._until:
            self._send()
        else:
            self.done.set_result(None)
            self._transport.close()

    def _send(self) -> None:
        self._body = []
        self._began = time.perf_counter()
        self._transport.write(self._request)


def post(port: int, query: str) -> bytes:
    """The bytes of a POST of one operation."""
    body = orjson.dumps({"query": query})
    head = (
        "POST /graphql HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Content-Type: application/json",
        "Accept: application/json",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def ask(port: int, query: str) -> bytes:
    """The body of one answer.

    Raises:
        OSError: nobody listens, or nothing good comes back.
    """
    request = Request(f"http://{LOOPBACK}:{port}/graphql", orjson.dumps({"query": query}))  # loopback
    request.add_header("content-type", "application/json")
    with urlopen(request, timeout=30) as answer:  # noqa: S310  # loopback
        return answer.read()


def run(port: int, query: str, expected: Any, *, connections: int, seconds: float) -> Seen:
    """Load `port` with one operation, for `seconds`."""
    return uvloop.run(_run(port, post(port, query), Seen(expected), connections, seconds))


async def _run(port: int, request: bytes, seen: Seen, connections: int, seconds: float) -> Seen:
    loop = asyncio.get_running_loop()
    began = time.perf_counter()

    async def connection() -> None:
        _, protocol = await loop.create_connection(lambda: Connection(request, began + seconds, seen), LOOPBACK, port)
        await protocol.done

    await asyncio.gather(*(connection() for _ in range(connections)))
    seen.seconds = time.perf_counter() - began
    return seen
