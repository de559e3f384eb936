"""Subscriptions at a subgraph over a response that does not end: Server-Sent Events, and multipart."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
import strawberry
from strawberry.asgi import GraphQL

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse, Subscriptions
from router.execute.transport import MalformedResponse, SubgraphTimeout, SubgraphUnreachable
from tests.router.execute.raw_server import Script, raw_server, take_request
from tests.router.serve.server import serving

BOTH = pytest.mark.parametrize("protocol", [Subscriptions.SSE, Subscriptions.MULTIPART])
REQUEST = SubgraphRequest("s", "subscription{a}")


def event(number: int) -> bytes:
    return orjson.dumps({"data": {"a": number}})


@dataclass(frozen=True)
class Wire:
    """How one protocol writes things."""

    content_type: str
    events: Any
    heartbeat: bytes
    end: bytes

    def stream(self, *chunks: bytes, end: bool = True) -> bytes:
        """A response of these pieces, an HTTP chunk each."""
        pieces = [*chunks, *([self.end] if end else [])]
        body = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {self.content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        return head.encode() + body


def _part(content: bytes) -> bytes:
    return b"\r\nContent-Type: application/json\r\n\r\n" + content + b"\r\n--graphql"


WIRES: Mapping[Subscriptions, Wire] = {
    Subscriptions.SSE: Wire(
        "text/event-stream",
        lambda content: b"event: next\ndata: " + content + b"\n\n",  # pyright: ignore[reportUnknownLambdaType]
        b":\n\n",
        b"event: complete\ndata: \n\n",
    ),
    Subscriptions.MULTIPART: Wire(
        'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0',
        lambda content: _part(b'{"payload":' + content + b"}"),  # pyright: ignore[reportUnknownLambdaType,reportUnknownArgumentType]
        _part(b"{}"),
        b"--\r\n",
    ),
}
FIRST = {Subscriptions.SSE: b"", Subscriptions.MULTIPART: b"--graphql"}


def writing(*chunks: bytes, hold: bool = False) -> Script:
    """Answers the first request with these bytes, each by itself."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await take_request(reader)
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
            await asyncio.sleep(0)
        if hold:
            await reader.read()

    return script


async def events_of(script: Script, protocol: Subscriptions, **options: Any) -> list[SubgraphResponse]:
    async with raw_server(script) as url:
        transport = HttpTransport(url, subscriptions=protocol, **options)
        try:
            return [each async for each in transport.subscribe(REQUEST)]
        finally:
            await transport.aclose()


@strawberry.type
class Query:
    a: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int]:
        for number in range(to):
            yield number
            await asyncio.sleep(0)

    @strawberry.subscription
    async def whoami(self, info: strawberry.Info) -> AsyncGenerator[str]:
        yield info.context["request"].headers["authorization"]

    @strawberry.subscription
    async def broken(self) -> AsyncGenerator[int]:
        yield 1
        raise ValueError("Broken.")


class TestAnotherServer:
    """Strawberry's server speaks all the protocols."""

    @staticmethod
    async def ask(protocol: Subscriptions, request: SubgraphRequest) -> list[SubgraphResponse]:
        schema = strawberry.Schema(Query, subscription=Subscription)
        protocols = ["graphql-transport-ws", "graphql-sse", "multipart-subscription"]
        async with serving(GraphQL[Any, None](schema, subscription_protocols=protocols)) as address:
            transport = HttpTransport(f"http://{address}/", subscriptions=protocol)
            try:
                return [each async for each in transport.subscribe(request)]
            finally:
                await transport.aclose()

    @pytest.mark.parametrize("protocol", list(Subscriptions))
    async def test_every_event_is_given_in_order(self, protocol: Subscriptions) -> None:
        request = SubgraphRequest("s", "subscription($to: Int!) { count(to: $to) }", {"to": 20})
        assert [each.data for each in await self.ask(protocol, request)] == [{"count": each} for each in range(20)]

    @pytest.mark.parametrize("protocol", list(Subscriptions))
    async def test_headers_are_forwarded(self, protocol: Subscriptions) -> None:
        request = SubgraphRequest("s", "subscription { whoami }", headers={"authorization": "x"})
        assert [each.data for each in await self.ask(protocol, request)] == [{"whoami": "x"}]

    @pytest.mark.parametrize("protocol", list(Subscriptions))
    async def test_an_error_comes_with_its_event(self, protocol: Subscriptions) -> None:
        first, second = await self.ask(protocol, SubgraphRequest("s", "subscription { broken }"))
        assert first.data == {"broken": 1}
        assert second.errors[0]["message"] == "Broken."

    @pytest.mark.parametrize("protocol", list(Subscriptions))
    async def test_a_refused_operation_is_one_response_with_errors(self, protocol: Subscriptions) -> None:
        (only,) = await self.ask(protocol, SubgraphRequest("s", "subscription { unknown }"))
        assert only.data is None
        assert "unknown" in only.errors[0]["message"]


class TestStream:
    @BOTH
    async def test_heartbeats_are_no_events(self, protocol: Subscriptions) -> None:
        wire = WIRES[protocol]
        sent = wire.stream(
            FIRST[protocol] + wire.heartbeat,
            wire.events(event(1)),
            wire.heartbeat,
            wire.heartbeat,
            wire.events(event(2)),
        )
        found = await events_of(writing(sent, hold=True), protocol)
        assert [each.data for each in found] == [{"a": 1}, {"a": 2}]

    @BOTH
    async def test_events_may_come_in_any_pieces(self, protocol: Subscriptions) -> None:
        wire = WIRES[protocol]
        whole = FIRST[protocol] + wire.heartbeat + wire.events(event(1)) + wire.events(event(2)) + wire.end
        sent = wire.stream(*(bytes([each]) for each in whole), end=False)
        found = await events_of(writing(*(bytes([each]) for each in sent), hold=True), protocol)
        assert [each.data for each in found] == [{"a": 1}, {"a": 2}]

    @BOTH
    async def test_an_event_is_given_before_the_next_one_begins(self, protocol: Subscriptions) -> None:
        """And closing the stream then ends it at the subgraph."""
        wire = WIRES[protocol]
        sent = wire.stream(FIRST[protocol] + wire.events(event(1)), end=False)
        ended = asyncio.Event()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await writing(sent, hold=True)(reader, writer)
            ended.set()

        async with raw_server(script) as url:
            transport = HttpTransport(url, subscriptions=protocol)
            async with aclosing(transport.subscribe(REQUEST)) as events:
                assert (await anext(events)).data == {"a": 1}
            await ended.wait()
            await transport.aclose()

    @pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
    async def test_lines_of_events_may_end_in_any_way(self, line_end: bytes) -> None:
        lines = [
            b": comment", b"id: 7", b"retry: 1", b"event:next", b'data: {"data":', b'data:{"a": 1}}', b"",
            b"event: other", b"data: 1", b"", b"event: complete", b"", b"",
        ]  # fmt: skip
        sent = WIRES[Subscriptions.SSE].stream(line_end.join(lines), end=False)
        (only,) = await events_of(writing(sent, hold=True), Subscriptions.SSE)
        assert only.data == {"a": 1}

    async def test_an_error_of_the_stream_is_an_event(self) -> None:
        sent = WIRES[Subscriptions.MULTIPART].stream(
            b"--graphql" + _part(b'{"payload":null,"errors":[{"message":"no"}]}')
        )
        (only,) = await events_of(writing(sent, hold=True), Subscriptions.MULTIPART)
        assert only == SubgraphResponse(None, ({"message": "no"},))


class TestFailures:
    @BOTH
    @pytest.mark.parametrize("cut", [0, 4])
    async def test_a_stream_that_breaks_off_is_unreachable(self, protocol: Subscriptions, cut: int) -> None:
        wire = WIRES[protocol]
        sent = wire.stream(FIRST[protocol] + wire.events(event(1)), end=False)
        with pytest.raises(SubgraphUnreachable, match="broke off"):
            await events_of(writing(sent[: len(sent) - cut]), protocol)

    @BOTH
    async def test_a_stream_that_ends_without_saying_so_is_unreachable(self, protocol: Subscriptions) -> None:
        wire = WIRES[protocol]
        sent = wire.stream(FIRST[protocol] + wire.events(event(1)), end=False) + b"0\r\n\r\n"
        with pytest.raises(SubgraphUnreachable, match="broke off"):
            await events_of(writing(sent, hold=True), protocol)

    @BOTH
    @pytest.mark.parametrize("content", [b"{", b"[]", b'{"data": 1}', b"1"])
    async def test_what_is_no_response_is_malformed(self, protocol: Subscriptions, content: bytes) -> None:
        wire = WIRES[protocol]
        with pytest.raises(MalformedResponse):
            await events_of(writing(wire.stream(FIRST[protocol] + wire.events(content)), hold=True), protocol)

    @BOTH
    async def test_an_event_that_is_too_large_is_malformed(self, protocol: Subscriptions) -> None:
        wire = WIRES[protocol]
        sent = wire.stream(FIRST[protocol] + wire.events(b" " * 5_000), end=False)
        with pytest.raises(MalformedResponse, match="too large"):
            await events_of(writing(sent[:4_000], hold=True), protocol, max_response_bytes=2_000)

    @BOTH
    @pytest.mark.parametrize(
        ("status", "failure"), [("200 OK", MalformedResponse), ("503 Unavailable", SubgraphUnreachable)]
    )
    async def test_an_answer_that_is_no_stream_says_why(
        self, protocol: Subscriptions, status: str, failure: type[Exception]
    ) -> None:
        sent = f"HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\n<p/>".encode()
        with pytest.raises(failure):
            await events_of(writing(sent, hold=True), protocol)

    @BOTH
    async def test_a_server_that_never_answers_costs_the_timeout(self, protocol: Subscriptions) -> None:
        with pytest.raises(SubgraphTimeout):
            await events_of(writing(hold=True), protocol, timeout=0.05)

    @BOTH
    async def test_nobody_listening_is_unreachable(self, protocol: Subscriptions) -> None:
        transport = HttpTransport("http://127.0.0.1:1/", subscriptions=protocol)
        with pytest.raises(SubgraphUnreachable):
            await anext(transport.subscribe(REQUEST))
        await transport.aclose()
