"""Subscriptions go to the replica that has the fewest, and tell whether it lives."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext

from router.execute import SubgraphRequest, Subscriptions
from router.execute.transport import SubgraphUnavailable, SubgraphUnreachable
from router.execute.transport.traffic import ManagedTransport, Probing, State, Traffic
from tests.router.execute.raw_server import raw_server, reply, saying, take_request

REQUEST = SubgraphRequest("s", "subscription {a}")
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
EVENT = b'event: next\ndata: {"data":{"a":1}}\n\n'


class Source:
    """Sends an event at once, and then nothing for as long as the client stays."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await take_request(reader)
        self.heads.append(head.lower())
        writer.write(HEAD + EVENT)
        await writer.drain()
        await reader.read()


@asynccontextmanager
async def transport_to(*urls: str, traffic: Traffic | None = None) -> AsyncGenerator[ManagedTransport]:
    transport = ManagedTransport(urls, traffic, subscriptions=Subscriptions.SSE)
    try:
        yield transport
    finally:
        await transport.aclose()


class TestStreams:
    async def test_they_are_spread_over_the_replicas(self) -> None:
        sources = [Source(), Source()]
        async with (
            raw_server(sources[0]) as one,
            raw_server(sources[1]) as other,
            transport_to(one, other) as transport,
        ):
            streams = [transport.subscribe(REQUEST) for _ in range(4)]
            for stream in streams:
                assert (await anext(stream)).data == {"a": 1}
            assert [each.streams for each in transport.health.replicas] == [2, 2]
            for stream in streams:
                await stream.aclose()
            assert [each.streams for each in transport.health.replicas] == [0, 0]

    async def test_they_are_part_of_the_current_trace(self) -> None:
        source = Source()
        async with raw_server(source) as url, transport_to(url) as transport:
            span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=True))
            with trace.use_span(span):
                async with aclosing(transport.subscribe(REQUEST)) as events:
                    await anext(events)
            async with aclosing(transport.subscribe(REQUEST)) as events:
                await anext(events)
        traced, untraced = source.heads
        assert f"traceparent: 00-{0xABC:032x}-{0xDEF:016x}-00\r\n".encode() in traced
        assert b"traceparent" not in untraced

    async def test_none_begins_at_a_subgraph_that_is_left_alone(self) -> None:
        async with raw_server(saying()) as url, transport_to(url) as transport:
            for _ in range(5):
                with pytest.raises(SubgraphUnreachable):
                    await anext(transport.subscribe(REQUEST))
            assert transport.health.replicas[0].state is State.OPEN
            with pytest.raises(SubgraphUnavailable):
                await anext(transport.subscribe(REQUEST))

    async def test_whoever_ends_one_says_nothing_about_the_subgraph(self) -> None:
        async with raw_server(Source()) as url, transport_to(url) as transport:
            for _ in range(10):
                async with aclosing(transport.subscribe(REQUEST)) as events:
                    await anext(events)
            assert transport.health.replicas[0].state is State.CLOSED


class TestProbes:
    async def test_a_probe_is_the_query_that_is_configured_and_has_nothing_of_a_client(self) -> None:
        seen: list[tuple[bytes, bytes]] = []
        probed = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                head, body = await take_request(reader)
                if b"__schema" in body:
                    seen.append((head, body))
                    probed.set()
                writer.write(reply())
                await writer.drain()

        probing = Probing(query="{__schema{__typename}}", every_seconds=0.01)
        async with raw_server(script) as url, transport_to(url, traffic=Traffic(probing=probing)) as transport:
            await transport.fetch(SubgraphRequest("s", "{a}", headers={"authorization": "secret"}))
            await probed.wait()
        head, body = seen[0]
        assert b"secret" not in head
        assert body == b'{"query":"{__schema{__typename}}"}'
