"""A load generator for loopback: keep-alive connections that post one GraphQL request over and over.

It speaks just enough HTTP/1.1 to count answers (status line, Content-Length, body), so that it costs far less than the
server it measures. Bounded in time and connections; it refuses any address but loopback.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass
class Load:
    """What one run saw: answers by HTTP status, the first body, latencies in seconds in the order of arrival."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict[int, int])
    latencies: list[float] = field(default_factory=list[float])
    sample: bytes = b""

    @property
    def answers(self) -> int:
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency in milliseconds below which `share` (0 to 1) of the answers lie."""
        ranked = sorted(self.latencies)
        return ranked[min(int(len(ranked) * share), len(ranked) - 1)] * 1000 if ranked else 0.0


def post(
    port: int, body: bytes, *, path: str = "/graphql", token: str | None = None, accept: str = "application/json"
) -> bytes:
    """The bytes of a POST with a JSON body."""
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Content-Type: application/json",
        f"Accept: {accept}",
        f"Content-Length: {len(body)}",
        *([f"Authorization: Bearer {token}"] if token else []),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def form(port: int, path: str, body: bytes, authorization: str) -> bytes:
    """The bytes of a POST of a form."""
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {LOOPBACK}:{port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"Authorization: {authorization}",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def run(port: int, request: bytes, *, connections: int = 32, seconds: float = 5.0) -> Load:
    """Send `request` over each connection again as soon as it is answered, for `seconds`."""
    load = Load()
    began = time.perf_counter()
    until = began + seconds
    await asyncio.gather(*(_connection(port, request, until, load) for _ in range(connections)))
    load.seconds = time.perf_counter() - began
    return load


@dataclass(slots=True)
class Conversations:
    """What clients saw that say one thing after the other; the last body of each."""

    load: Load
    bodies: list[bytes]


async def converse(
    port: int, first: Sequence[bytes], then: Callable[[bytes], bytes] | None, seconds: float
) -> Conversations:
    """Send each first request over a connection of its own and, until `seconds` are over, one after each answer.

    Args:
        port: on the loopback.
        first: what each client begins with.
        then: from an answer's body to the request after it; None for the first one again.
        seconds: 0 for one answer each.
    """
    load = Load()
    began = time.perf_counter()
    talking = (_talk(port, request, then, began + seconds, load) for request in first)
    bodies = await asyncio.gather(*talking)
    load.seconds = time.perf_counter() - began
    return Conversations(load, bodies)


async def _talk(port: int, request: bytes, then: Callable[[bytes], bytes] | None, until: float, load: Load) -> bytes:
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=4 * 1024 * 1024)
    try:
        while True:
            body = await _exchange(reader, writer, request, load)
            if time.perf_counter() >= until:
                return body
            request = request if then is None else then(body)
    finally:
        writer.close()


async def _connection(port: int, request: bytes, until: float, load: Load) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=4 * 1024 * 1024)
    try:
        while time.perf_counter() < until:
            await _exchange(reader, writer, request, load)
    finally:
        writer.close()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, load: Load) -> bytes:
    began = time.perf_counter()
    writer.write(request)
    status, body = await _answer(reader)
    load.latencies.append(time.perf_counter() - began)
    load.statuses[status] = load.statuses.get(status, 0) + 1
    load.sample = load.sample or body
    return body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return status, await reader.readexactly(int(line[15:]))
    message = "an answer without Content-Length"
    raise ValueError(message)
