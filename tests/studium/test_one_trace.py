"""What a client asks of the platform is one trace: request, plan, subgraph, resolver, SQL, wherever they run."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from router.execute import InProcessTransport, Transport
from router.serve import Engine, create_app
from router.serve.telemetry.config import TelemetryConfig, Tracing
from router.serve.telemetry.telemetry import Telemetry
from router.serve.traffic import build_transports
from shared.database import Sessions
from shared.graphql.app import SubgraphApp
from shared.graphql.service import GraphQLService
from shared.statement_spans import trace_statements
from subgraphs.courses.context import Context
from subgraphs.courses.schema import build_schema
from tests.factories.courses import Campus
from tests.router.serve.server import serving
from tests.tenants import Control, Tenant

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
QUERY = "query Catalog { catalog { edges { node { slug title modules { title } enrollmentCount } } } }"
SCHEMA = Path(__file__).parents[2] / "schema"
SUPERGRAPH = SCHEMA / "supergraph.graphql"
SUBGRAPHS = [each.stem for each in (SCHEMA / "subgraphs").glob("*.graphql")]


class Traced:
    """The courses of a tenant behind a router, and the spans of both."""

    def __init__(self, campus: Campus) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

        async def context(_: object) -> Context:
            return Context(campus.learner, campus.sessions)

        service = GraphQLService(build_schema(), context=context, spans=self.provider)
        self.subgraph = SubgraphApp("courses", service, lifespan=nullcontext, ready=campus.sessions.ping)

    async def ask(self, transport: Transport, *, sampled: bool = True) -> list[ReadableSpan]:
        """The spans of a query, the first to begin first."""
        telemetry = Telemetry(TelemetryConfig(tracing=Tracing()), self.provider)
        transports = dict.fromkeys(SUBGRAPHS, transport)
        engine = Engine.from_sdl(SUPERGRAPH.read_text(), transports, telemetry=telemetry)
        headers = {"traceparent": f"00-{TRACE}-{SPAN}-{sampled:02x}"}
        app = httpx2.ASGITransport(create_app(engine))
        async with httpx2.AsyncClient(transport=app, base_url="http://router") as client:
            answer = (await client.post("/graphql", json={"query": QUERY}, headers=headers)).json()
        await engine.aclose()
        assert len(answer["data"]["catalog"]["edges"]) == 5
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)


@pytest.fixture
async def traced(control: Control, tenant: Tenant) -> AsyncGenerator[Traced]:
    """Over five courses."""
    sessions = Sessions.create(control.login_url("courses"), subgraph="courses")
    campus = Campus(tenant, sessions)
    for number in range(5):
        await campus.course(f"course-{number}")
    traced = Traced(campus)
    trace_statements(sessions.engine.sync_engine, traced.provider)
    yield traced
    await sessions.aclose()


@asynccontextmanager
async def transport_to(traced: Traced, how: str) -> AsyncGenerator[Transport]:
    if how == "in process":
        yield InProcessTransport(traced.subgraph.service.execute)
        return
    async with serving(traced.subgraph.app) as address:
        yield build_transports({"courses": f"http://{address}/graphql"})["courses"]


@pytest.mark.parametrize("how", ["in process", "over HTTP"])
async def test_a_query_is_one_trace_down_to_its_statements(traced: Traced, how: str) -> None:
    async with transport_to(traced, how) as transport:
        spans = await traced.ask(transport)
    named = {span.name: span for span in spans}
    by_id = {span.context.span_id: span for span in spans if span.context is not None}

    def way(span: ReadableSpan) -> list[str]:
        names = [span.name]
        while span.parent is not None and span.parent.span_id in by_id:
            span = by_id[span.parent.span_id]
            names.insert(0, span.name)
        return names

    assert {span.context.trace_id for span in spans if span.context is not None} == {int(TRACE, 16)}
    assert way(named["graphql.plan"]) == ["query Catalog", "graphql.plan"]
    to_subgraph = ["query Catalog", "subgraph courses", "graphql"]
    resolvers = {span.name for span in spans if way(span)[:-1] == to_subgraph}
    assert resolvers == {"Query.catalog", "Course.modules", "Course.enrollmentCount"}  # titles are there already
    statements = [span for span in spans if span.name.startswith("SELECT")]
    assert {tuple(way(each)[:-1]) for each in statements} == {(*to_subgraph, each) for each in resolvers}
    assert len(statements) < 10
    modules = named["Course.modules"]
    assert modules.attributes == {"graphql.field.path": "catalog.edges.node.modules", "graphql.field.objects": 5}


@pytest.mark.parametrize("how", ["in process", "over HTTP"])
async def test_a_trace_that_nobody_keeps_has_no_spans_anywhere(traced: Traced, how: str) -> None:
    async with transport_to(traced, how) as transport:
        assert await traced.ask(transport, sampled=False) == []
