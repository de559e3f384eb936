"""Places in a subscription's history: the source of events names them, and is told where to go on."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from graphql import build_schema

from router.execute import Executor, HttpTransport, InProcessTransport, SubgraphRequest, Subscriptions
from router.execute.transport import SubgraphUnreachable
from router.plan.nodes import Fetch, OperationKind, ProjectedField, QueryPlan
from tests.router.execute.raw_server import raw_server, take_request
from tests.router.execute.test_stream_transport import WIRES, event, events_of, writing

SCHEMA = build_schema("type Query { a: Int } type Subscription { a: Int }")
REQUEST = SubgraphRequest("s", "subscription{a}", cursor="c7")


class Source:
    """A subgraph with one subscription, whose events are given; `cursors` are those it was asked to go on from."""

    def __init__(self, *events: Mapping[str, Any]) -> None:
        self.events = events
        self.cursors: list[str | None] = []

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        self.cursors.append(headers.get("last-event-id"))
        for each in self.events:
            yield each

    async def execute(self, *_: Any) -> Mapping[str, Any]:
        raise NotImplementedError

    def executor(self) -> Executor:
        field = SCHEMA.subscription_type
        assert field is not None
        projection = (ProjectedField("a", "a", "a", field.fields["a"].type),)
        fetches = (Fetch(0, "s", OperationKind.SUBSCRIPTION, "subscription{a}", ("a",)),)
        plan = QueryPlan(OperationKind.SUBSCRIPTION, "Subscription", fetches, projection)
        return Executor(plan, {"s": InProcessTransport(self.execute, self.subscribe)}, SCHEMA)


class TestEvents:
    async def test_each_brings_its_cursor(self) -> None:
        source = Source(*({"data": {"a": n}, "extensions": {"cursor": f"c{n}"}} for n in (1, 2)))
        events = [each.as_json() async for each in source.executor().subscribe({}, {})]
        assert events == [{"data": {"a": n}, "extensions": {"cursor": f"c{n}"}} for n in (1, 2)]

    async def test_the_source_is_told_where_to_go_on(self) -> None:
        source = Source({"data": {"a": 8}, "extensions": {"cursor": "c8"}})
        (only,) = [each.as_json() async for each in source.executor().subscribe({}, {}, cursor="c7")]
        assert source.cursors == ["c7"]
        assert only == {"data": {"a": 8}, "extensions": {"cursor": "c8"}}

    async def test_a_source_that_knows_no_cursors_has_lost_what_was_before(self) -> None:
        source = Source({"data": {"a": 1}}, {"data": {"a": 2}})
        events = [each.as_json() async for each in source.executor().subscribe({}, {}, cursor="c7")]
        assert events == [{"data": {"a": 1}, "extensions": {"gap": {"code": "HISTORY_GONE"}}}, {"data": {"a": 2}}]

    async def test_nothing_is_lost_where_nobody_asks_to_go_on(self) -> None:
        events = [each.as_json() async for each in Source({"data": {"a": 1}}).executor().subscribe({}, {})]
        assert events == [{"data": {"a": 1}}]

    async def test_a_source_says_itself_why_it_cannot_go_on(self) -> None:
        error = {"message": "Too long ago.", "extensions": {"code": "HISTORY_GONE"}}
        (only,) = [each async for each in Source({"errors": [error]}).executor().subscribe({}, {}, cursor="c7")]
        assert [each["extensions"]["code"] for each in only.errors] == ["HISTORY_GONE"]
        assert only.extensions == {}


class TestOverHttp:
    @pytest.mark.parametrize("protocol", [Subscriptions.SSE, Subscriptions.MULTIPART])
    async def test_the_subgraph_is_told_where_to_go_on(self, protocol: Subscriptions) -> None:
        taken: list[tuple[bytes, bytes]] = []

        async def script(reader: Any, writer: Any) -> None:
            taken.append(await take_request(reader))

        async with raw_server(script) as url:
            transport = HttpTransport(url, subscriptions=protocol)
            with pytest.raises(SubgraphUnreachable):
                await anext(transport.subscribe(REQUEST))
            await transport.aclose()
        ((head, body),) = taken
        assert b"last-event-id: c7" in head.lower()
        assert body == b'{"query":"subscription{a}","extensions":{"cursor":"c7"}}'

    async def test_the_id_of_a_server_sent_event_is_its_cursor(self) -> None:
        wire = WIRES[Subscriptions.SSE]
        with_id = b"id: c1\n" + wire.events(event(1))
        script = writing(wire.stream(with_id, wire.events(event(2))))
        events = await events_of(script, Subscriptions.SSE)
        assert [each.extensions for each in events] == [{"cursor": "c1"}, {}]


class TestPauses:
    """A subgraph that is about to end says when to come back."""

    @staticmethod
    async def cursors_of(*responses: bytes) -> tuple[list[str | None], list[Any]]:
        """The cursors that a server is asked with, one connection after the other, and the events of the stream."""
        asked, events = list[str | None](), list[Any]()

        async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head, _ = await take_request(reader)
            found = re.search(rb"last-event-id: (\S+)", head.lower())
            asked.append(None if found is None else found[1].decode())
            writer.write(responses[len(asked) - 1])
            await writer.drain()

        async with raw_server(script) as url:
            transport = HttpTransport(url, subscriptions=Subscriptions.SSE)
            try:
                with suppress(SubgraphUnreachable):
                    async for each in transport.subscribe(SubgraphRequest("s", "subscription{a}")):
                        events.append(each.data)
                    events.append("end")
            finally:
                await transport.aclose()
        return asked, events

    @staticmethod
    def stream(*chunks: bytes, end: bool = False) -> bytes:
        return WIRES[Subscriptions.SSE].stream(*chunks, *(() if end else (b"",)), end=end)

    async def test_the_stream_goes_on_after_its_last_event(self) -> None:
        first = self.stream(b"id: c1\nevent: next\ndata: " + event(1) + b"\n\n", b"retry: 1\n\n")
        last = self.stream(b"event: next\ndata: " + event(2) + b"\n\n", end=True)
        assert await self.cursors_of(first, self.stream(b"retry: 1\n\n"), last) == (
            [None, "c1", "c1"],
            [{"a": 1}, {"a": 2}, "end"],
        )

    @pytest.mark.parametrize("id_", [b"", b"id: \xc3\xa9\n"], ids=["none", "no header's value"])
    async def test_it_is_broken_where_something_could_be_missing(self, id_: bytes) -> None:
        without = self.stream(id_ + b"event: next\ndata: " + event(1) + b"\n\n", b"retry: 1\n\n")
        assert await self.cursors_of(without) == ([None], [{"a": 1}])

    async def test_it_is_broken_where_it_never_goes_on(self) -> None:
        first = self.stream(b"id: c1\nevent: next\ndata: " + event(1) + b"\n\n", b"retry: 1\n\n")
        asked, events = await self.cursors_of(first, *[self.stream(b"retry: 0\n\n")] * 9)
        assert (len(asked), events) == (6, [{"a": 1}])
