"""Spans of what a router does, as part of the client's trace and with those of subgraphs as theirs.

Attributes tell what an operation is, and never what its client has sent with it.

Sources: https://opentelemetry.io/docs/specs/semconv/http/http-spans/,
https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/, https://www.w3.org/TR/trace-context/
"""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, contextmanager
from random import getrandbits, random
from typing import Any, Final

from opentelemetry import trace
from opentelemetry.context import Context, attach, get_current
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from router.execute.transport.base import SubgraphFailure, SubgraphRequest, SubgraphResponse, Transport
from router.serve.telemetry.config import Tracing
from router.serve.telemetry.sighting import Sighting, Status

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_NAME: Final = "router"


class Tracer:
    """Makes the spans of one router."""

    def __init__(self, settings: Tracing, provider: TracerProvider | None = None) -> None:
        """Args: `provider` is in place of the one that the settings describe."""
        self._ratio = settings.ratio
        self._trusting = settings.trusting
        self._header = None if settings.response_header is None else settings.response_header.lower().encode()
        self._exporting = provider is None and settings.endpoint is not None
        self._provider = provider or _provider(settings)
        self._tracer = self._provider.get_tracer(_NAME)

    def begin(self, seen: Sighting) -> None:
        """Give an operation, or a request, its span: a child of its client's, if that has one and is trusted."""
        parent = _PROPAGATOR.extract(seen.trace, Context()) if seen.trace and self._trusting else Context()
        context = trace.get_current_span(parent).get_span_context()
        sampled = context.trace_flags.sampled if context.is_valid else random() < self._ratio
        seen.trace_header = self._header
        if sampled:
            seen.span = self._tracer.start_span(f"{seen.method} /graphql".strip(), parent, SpanKind.SERVER)
            if seen.span.get_span_context().is_valid:
                return  # as it is not where nobody has set up a provider
        seen.span = NonRecordingSpan(context if context.is_valid else _unsampled())

    def begin_part(self, seen: Sighting, whole: Sighting) -> None:
        """Give an operation its span that came with others: a child of what it came with, if that has one."""
        if whole.span is None:
            seen.trace = whole.trace
            self.begin(seen)
        elif whole.span.is_recording():
            seen.span = self._tracer.start_span("operation", trace.set_span_in_context(whole.span, Context()))
        else:
            seen.span = whole.span

    def end(self, seen: Sighting) -> None:
        """End it, with what it was."""
        span = seen.span
        if span is None:
            return
        if span.is_recording():
            _describe(span, seen)
        span.end()

    @contextmanager
    def step(self, name: str) -> Generator[None]:
        """A span of the block, if what it is part of is traced."""
        if not trace.get_current_span().is_recording():
            yield
            return
        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False):
            yield

    def around(self, transports: Mapping[str, Transport]) -> dict[str, Transport]:
        """The transports, with a span for each request."""
        return {name: TracedTransport(each, name, self._tracer) for name, each in transports.items()}

    def close(self) -> None:
        """Send what is not sent yet."""
        if self._exporting:
            shutdown: Any = getattr(self._provider, "shutdown", None)
            if shutdown is not None:
                shutdown()


class TracedTransport:
    """Around any transport to one subgraph."""

    def __init__(self, inner: Transport, subgraph: str, tracer: trace.Tracer) -> None:
        self.inner = inner
        self._name = f"subgraph {subgraph}"
        self._tracer = tracer
        self._attributes = {"router.subgraph": subgraph, "graphql.operation.type": "query"}

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        if not trace.get_current_span().is_recording():
            return await self.inner.fetch(request)
        attributes = self._attributes
        if not request.idempotent:
            attributes = {**attributes, "graphql.operation.type": "mutation"}
        with self._tracer.start_as_current_span(
            self._name,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                response = await self.inner.fetch(request)
            except SubgraphFailure as failure:
                span.set_attribute("error.type", failure.code)
                span.set_status(StatusCode.ERROR)
                raise
            if response.errors:
                span.set_attribute("router.subgraph.errors", len(response.errors))
                span.set_status(StatusCode.ERROR)
            return response

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """Each event has a trace of its own, with a link to the subscription's, until the next one is asked for."""
        subscription = trace.get_current_span()
        async with aclosing(self.inner.subscribe(request)) as events:
            if not subscription.is_recording():
                async for event in events:
                    yield event
                return
            before, links = get_current(), [Link(subscription.get_span_context())]
            async for event in events:
                span = self._tracer.start_span(
                    f"{self._name} event", Context(), SpanKind.CONSUMER, self._attributes, links=links
                )
                attach(trace.set_span_in_context(span))
                try:
                    yield event
                finally:
                    span.end()
                    attach(before)  # a generator may be closed in another context, which could not be detached from

    async def aclose(self) -> None:
        await self.inner.aclose()


def _describe(span: Span, seen: Sighting) -> None:
    operation = seen.operation
    attributes: dict[str, Any] = {"router.transport": seen.transport, "router.status": seen.status.value}
    if seen.method:
        attributes |= {"http.request.method": seen.method, "http.response.status_code": seen.http_status}
    if operation is not None:
        kind = operation.kind.value
        attributes["graphql.operation.type"] = kind
        name = operation.signature.name if operation.signature else ""
        if operation.signature is not None:
            attributes["router.operation.signature"] = operation.signature.hash
        if name:
            attributes["graphql.operation.name"] = name
        span.update_name(f"{kind} {name}".strip())
    if seen.estimated is not None:
        attributes["router.operation.cost"] = seen.estimated if seen.actual is None else seen.actual
    if seen.codes is not None:
        attributes["error.type"] = next(iter(seen.codes))
        attributes["router.error.codes"] = tuple(seen.codes)[:10]
        if seen.error_ids:
            attributes["router.error.ids"] = tuple(seen.error_ids)
    if seen.status in {Status.FAILED, Status.REFUSED}:
        span.set_status(StatusCode.ERROR)
    span.set_attributes(attributes)


def _unsampled() -> SpanContext:
    """A trace that is not kept: whoever is asked on its way knows that, and keeps nothing of it either."""
    return SpanContext(getrandbits(128) or 1, getrandbits(64) or 1, is_remote=False)


def _provider(settings: Tracing) -> TracerProvider:
    if settings.endpoint is None:
        return trace.get_tracer_provider()
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = SdkTracerProvider(resource=Resource.create({"service.name": settings.service}))
    exporter = OTLPSpanExporter(endpoint=f"{settings.endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
