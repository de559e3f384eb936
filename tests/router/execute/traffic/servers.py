"""Subgraphs that count what they get and can be told how to behave at any moment."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal, TypeAlias

import orjson

from router.execute import SubgraphRequest
from router.execute.terms import Terms
from router.execute.transport.traffic import ManagedTransport, Traffic
from tests.router.execute.raw_server import JSON, raw_server, reply, take_request

Behaviour: TypeAlias = Literal["good", "hung", "dropping", "failing"]
"""Answers; never answers; ends the connection instead; answers 503."""


class Server:
    """One replica.

    Attributes:
        behaviour: from now on, of requests that come.
        answer: a good one.
        requests: how many came, without probes.
        probes: how many came.
        heads: of the requests, in lower case.
        retry_after: goes with every 503.
        pause: seconds before a good answer.
        busy: requests being answered now.
        most: that were ever answered at the same time.
    """

    def __init__(self, behaviour: Behaviour = "good", answer: bytes = JSON) -> None:
        self.behaviour: Behaviour = behaviour
        self.answer = answer
        self.requests = 0
        self.probes = 0
        self.heads: list[bytes] = []
        self.retry_after: str | None = None
        self.pause = 0.0
        self.busy = 0
        self.most = 0
        self.changed = asyncio.Condition()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await take_request(reader)
            await self._take_note(head, body)
            match self.behaviour:
                case "good":
                    self.busy += 1
                    self.most = max(self.most, self.busy)
                    await asyncio.sleep(self.pause)
                    self.busy -= 1
                    writer.write(reply(self.answer))
                case "hung":
                    await reader.read()
                    return
                case "dropping":
                    return
                case "failing":
                    headers = {} if self.retry_after is None else {"retry_after": self.retry_after}
                    writer.write(reply(b"busy", b"HTTP/1.1 503 Service Unavailable", **headers))
            await writer.drain()

    async def until(self, requests: int = 0, probes: int = 0) -> None:
        """Wait for so many requests and probes to have come."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.requests >= requests and self.probes >= probes)

    async def _take_note(self, head: bytes, body: bytes) -> None:
        async with self.changed:
            if orjson.loads(body)["query"] == "{__typename}":
                self.probes += 1
            else:
                self.requests += 1
                self.heads.append(head.lower())
            self.changed.notify_all()


@asynccontextmanager
async def subgraph(traffic: Traffic, *servers: Server) -> AsyncGenerator[ManagedTransport]:
    """A transport to all these replicas of one subgraph."""
    async with serving(*servers) as urls:
        transport = ManagedTransport(urls, traffic)
        try:
            yield transport
        finally:
            await transport.aclose()


@asynccontextmanager
async def serving(*servers: Server) -> AsyncGenerator[list[str]]:
    """The URLs of all these servers."""
    if not servers:
        yield []
        return
    async with raw_server(servers[0]) as url, serving(*servers[1:]) as others:
        yield [url, *others]


def query(number: int = 0, *, tenant: str | None = None, deadline: float | None = None) -> SubgraphRequest:
    """A query like no other."""
    return SubgraphRequest(
        "s", "{a}", {"n": number}, idempotent=True, shareable=True, terms=Terms(tenant=tenant), deadline=deadline
    )


def mutation() -> SubgraphRequest:
    return SubgraphRequest("s", "mutation {a}")
