"""What the platform lets its operators see: JSON logs without secrets, and traces if a collector is named.

`set_up` is called once by each process, before it makes its apps. Contextvars carry what is observed (log fields, trace
ids) and nothing that decides anything.
"""

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TextIO

import orjson
import structlog
from opentelemetry import trace
from structlog.tracebacks import ExceptionDictTransformer
from structlog.types import EventDict, Processor, WrappedLogger

from shared.masking import masked

if TYPE_CHECKING:
    from fastapi import FastAPI

_HEALTH: Final = "health,ready"


def set_up(service: str, *, endpoint: str | None = None, stream: TextIO = sys.stderr) -> Callable[[], None]:
    """Start logging as `service` and, if an OTLP endpoint is given, tracing; returns what ends it.

    Args:
        service: the process's name: ``router``, ``worker``, ``courses``.
        endpoint: base URL of an OTLP/HTTP collector; None leaves tracing off.
        stream: where the log goes, a JSON object a line.
    """
    _log_to(stream, service)
    return _trace_to(endpoint, service) if endpoint else _nothing


def instrument(app: "FastAPI") -> None:
    """Trace an app's requests, if tracing is on."""
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

        FastAPIInstrumentor.instrument_app(
            app, excluded_urls=_HEALTH, exclude_spans=["receive", "send"], server_request_hook=_leave_query_out
        )


def _leave_query_out(span: trace.Span, scope: Mapping[str, Any]) -> None:
    """A query may have codes, states and addresses of people: the span has the path alone."""
    span.set_attribute("http.url", str(scope.get("path", "")))


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take secrets and people's addresses out of a log entry."""
    return {name: masked(name, value) for name, value in event.items()}


def _log_to(stream: TextIO, service: str) -> None:
    """Send our entries and those of libraries down one path."""

    def with_service(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        with_service,
        _with_trace,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        redact,
    ]
    render = structlog.stdlib.ProcessorFormatter(
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _as_json], foreign_pre_chain=steps
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(render)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _with_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event["trace_id"] = trace.format_trace_id(span.trace_id)
        event["span_id"] = trace.format_span_id(span.span_id)
    return event


def _as_json(_: WrappedLogger, __: str, event: EventDict) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _trace_to(endpoint: str, service: str) -> Callable[[], None]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service, "service.namespace": "studium"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    _instrument_clients()
    return provider.shutdown


def _instrument_clients() -> None:
    """Trace the calls to services; statements are traced where engines are made."""
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
    from opentelemetry.instrumentation.pymongo import PymongoInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor

    instrumentors: tuple[Any, ...] = (
        RedisInstrumentor(),
        PymongoInstrumentor(),
        AioHttpClientInstrumentor(),
    )
    for instrumentor in instrumentors:
        instrumentor.instrument()


def _nothing() -> None:
    """End what was never started."""
