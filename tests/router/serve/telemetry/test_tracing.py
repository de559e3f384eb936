"""One trace goes from the client through the router to its subgraphs."""

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

import httpx2
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from router.serve import create_app
from router.serve.http.config import HttpPolicy
from router.serve.telemetry.config import Logs, TelemetryConfig, Tracing
from router.serve.telemetry.logs import set_up_logs
from router.serve.telemetry.telemetry import Telemetry
from tests.router.serve.library import LibrarySubgraph, library_engine

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Subgraph(LibrarySubgraph):
    """Takes note of the traces that its requests are part of."""

    def __init__(self) -> None:
        super().__init__()
        self.traces: list[trace.SpanContext] = []

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        self.traces.append(trace.get_current_span().get_span_context())
        return await super().execute(query, variables, name, headers)


class Traced:
    """A router, its subgraph, and its spans."""

    def __init__(self, **settings: Any) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.subgraph = Subgraph()
        telemetry = Telemetry(TelemetryConfig(tracing=Tracing(**settings)), provider)
        self.app = create_app(library_engine(self.subgraph, telemetry=telemetry), http=HttpPolicy(batch=3))

    async def ask(self, query: Any, **headers: str) -> None:
        body: Any = {"query": query} if isinstance(query, str) else query
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(self.app), base_url="http://router") as client:
            await client.post("/graphql", json=body, headers=headers)

    @property
    def spans(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.exporter.get_finished_spans()}


def parent(span: ReadableSpan) -> int:
    assert span.parent is not None
    return span.parent.span_id


def id_of(span: ReadableSpan) -> int:
    assert span.context is not None
    return span.context.span_id


async def test_a_request_is_one_tree_with_its_steps_and_subgraphs() -> None:
    router = Traced(ratio=1)
    await router.ask("query Who { whoami }", traceparent=f"00-{TRACE}-{SPAN}-01")
    spans = router.spans
    request = spans["query Who"]
    assert spans.keys() == {"query Who", "graphql.validate", "graphql.plan", "subgraph library"}
    assert f"{parent(request):016x}" == SPAN
    assert {parent(span) for name, span in spans.items() if name != "query Who"} == {id_of(request)}
    assert all(f"{span.context.trace_id:032x}" == TRACE for span in spans.values() if span.context is not None)
    assert request.attributes is not None
    assert request.attributes["graphql.operation.name"] == "Who"
    assert request.attributes["http.response.status_code"] == 200
    assert router.subgraph.traces[0].span_id == id_of(spans["subgraph library"])


async def test_a_client_decides_what_is_traced_where_it_is_trusted() -> None:
    router = Traced(ratio=1)
    await router.ask("{ whoami }", traceparent=f"00-{TRACE}-{SPAN}-00")
    assert router.spans == {}
    assert f"{router.subgraph.traces[0].trace_id:032x}" == TRACE
    assert not router.subgraph.traces[0].trace_flags.sampled


async def test_a_client_that_is_not_trusted_decides_nothing() -> None:
    router = Traced(ratio=0, trusting=False)
    await router.ask("{ whoami }", traceparent=f"00-{TRACE}-{SPAN}-01")
    assert router.spans == {}
    (context,) = router.subgraph.traces
    assert f"{context.trace_id:032x}" != TRACE
    assert context.is_valid


@pytest.mark.parametrize("given", ["", "00-x-y-01", f"00-{'0' * 32}-{SPAN}-01", "zz"])
async def test_what_is_no_trace_begins_a_new_one(given: str) -> None:
    router = Traced(ratio=1)
    await router.ask("{ whoami }", traceparent=given)
    assert router.spans["query"].parent is None


@pytest.mark.parametrize("tracing", [Tracing(ratio=1, response_header="X-Trace-Id"), None])
@pytest.mark.parametrize("given", ["", f"00-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01"])
async def test_logs_and_answers_name_a_trace_if_nobody_takes_its_spans(given: str, tracing: Tracing | None) -> None:
    """Without an endpoint, and a program that has set up OpenTelemetry, no span has an id of its own."""
    log = StringIO()
    end = set_up_logs(Logs(operations=True), log)
    try:
        telemetry = Telemetry(TelemetryConfig(tracing=tracing, logs=Logs(operations=True)))
        subgraph = Subgraph()
        app = create_app(library_engine(subgraph, telemetry=telemetry))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
            answer = await client.post("/graphql", json={"query": "{ whoami }"}, headers={"traceparent": given})
    finally:
        end()
    (line,) = [each for each in map(json.loads, log.getvalue().splitlines()) if each["message"] == "operation"]
    if tracing is not None:
        assert answer.headers["x-trace-id"] == line["trace_id"] == f"{subgraph.traces[0].trace_id:032x}"
    if tracing is not None or TRACE in given:
        assert int(line["trace_id"], 16) * int(line["span_id"], 16) > 0
        assert line["trace_id"] == TRACE or TRACE not in given
    else:
        assert "trace_id" not in line


async def test_each_operation_of_a_batch_has_its_own_span() -> None:
    router = Traced(ratio=1)
    await router.ask([{"query": "query A { whoami }"}, {"query": "query B { whoami }"}])
    spans = router.spans
    whole = spans["POST /graphql"]
    assert parent(spans["query A"]) == parent(spans["query B"]) == id_of(whole)


async def test_errors_are_told_by_their_codes_alone() -> None:
    router = Traced(ratio=1)
    await router.ask('{ book(id: "0") { title } }')
    span = router.spans["query"]
    assert span.attributes is not None
    assert span.attributes["error.type"] == "NOT_FOUND"
    assert "No such book" not in "".join(each.to_json() for each in router.exporter.get_finished_spans())


async def test_each_event_of_a_subscription_has_a_trace_that_is_linked_to_it() -> None:
    router = Traced(ratio=1)
    await router.ask("subscription S { ticks(upTo: 3) }", accept="text/event-stream")
    events = [span for span in router.exporter.get_finished_spans() if span.name == "subgraph library event"]
    assert len(events) == 3
    subscription = router.spans["subscription S"]
    for span in events:
        (link,) = span.links
        assert link.context.span_id == id_of(subscription)
        assert span.parent is None
