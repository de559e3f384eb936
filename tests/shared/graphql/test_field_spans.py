"""Spans of what a subgraph does: of the fields that are waited for, and of each event."""

from collections.abc import AsyncGenerator, Mapping

import pytest
import strawberry
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, get_current_span

from shared.graphql import field_spans
from shared.graphql.context import BaseContext
from shared.graphql.schema import FederationSchema
from shared.graphql.service import GraphQLService

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = {"TraceParent": f"00-{TRACE}-{SPAN}-01"}


@strawberry.type
class Book:
    title: str = "Emma"

    @strawberry.field
    async def within(self) -> str:
        """The span that a resolver is within."""
        return f"{get_current_span().get_span_context().span_id:016x}"


@strawberry.type
class Query:
    @strawberry.field
    async def books(self, count: int = 3) -> list[Book]:
        return [Book() for _ in range(count)]

    @strawberry.field
    async def broken(self) -> str | None:
        raise RuntimeError


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[Book]:
        for _ in range(2):
            yield Book()


class Context(BaseContext[None]):
    def make_loaders(self, caller: object) -> None:
        """None are needed."""


async def nobody(_: Mapping[str, str]) -> Context:
    return Context(None)


class Traced:
    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        schema = FederationSchema(Query, subscription=Subscription)
        self.service = GraphQLService(schema, context=nobody, spans=provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)


@pytest.fixture
def traced() -> Traced:
    return Traced()


def id_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


async def test_fields_that_are_waited_for_have_one_span_each(traced: Traced) -> None:
    answer = await traced.service.execute("{ all: books { title within } broken }", headers=SAMPLED)
    operation, *fields = traced.spans
    assert operation.parent is not None
    assert (f"{operation.parent.trace_id:032x}", f"{operation.parent.span_id:016x}") == (TRACE, SPAN)
    assert [span.name for span in fields] == ["Query.books", "Query.broken", "Book.within"]
    assert {id_of(fields[2])} == {each["within"] for each in answer["data"]["all"]}
    assert fields[2].attributes == {"graphql.field.path": "all.within", "graphql.field.objects": 3}
    assert [span.status.status_code is StatusCode.ERROR for span in fields] == [False, True, False]
    assert all(span.parent is not None and f"{span.parent.span_id:016x}" == id_of(operation) for span in fields)


async def test_there_are_never_more_than_so_many(traced: Traced, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_spans, "MOST_FIELDS", 5)
    fields = " ".join(f"a{number}: books {{ title }}" for number in range(9))
    answer = await traced.service.execute(f"{{ {fields} }}", headers=SAMPLED)
    assert len(answer["data"]) == 9
    assert len(traced.spans) == 6


async def test_nothing_is_made_for_a_trace_that_nobody_keeps(traced: Traced) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
    assert (await traced.service.execute("{ books { within } }", headers=headers))["data"]
    assert [each async for each in traced.service.subscribe("subscription { ticks { within } }", headers=headers)]
    assert traced.spans == []


async def test_each_event_has_a_trace_with_a_link_to_its_subscription(traced: Traced) -> None:
    query = "subscription S { ticks { title within } }"
    answers = [each async for each in traced.service.subscribe(query, None, "S", SAMPLED)]
    subscription, *spans = traced.spans
    assert subscription.name == "graphql subscribe"
    assert subscription.context is not None
    assert subscription.context.trace_id == int(TRACE, 16)
    events = [span for span in spans if span.name == "graphql event"]
    fields = [span for span in spans if span.name == "Book.within"]
    assert [each["data"]["ticks"]["within"] for each in answers] == [id_of(span) for span in fields]
    for event, field in zip(events, fields, strict=True):
        assert event.parent is None
        assert [link.context for link in event.links] == [subscription.context]
        assert field.parent is not None
        assert f"{field.parent.span_id:016x}" == id_of(event)
    assert not get_current_span().get_span_context().is_valid
