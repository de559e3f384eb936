"""Spans of SQL statements, below the span of whatever asks for them.

They have the statement as it is prepared, in which values are parameters, and never these. Statements outside a trace
that somebody keeps cost one look.

Source: https://opentelemetry.io/docs/specs/semconv/database/postgresql/
"""

from typing import Any, Final, cast

from opentelemetry.trace import Span, SpanKind, StatusCode, TracerProvider, get_current_span, get_tracer
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

LONGEST: Final = 2_000
"""Characters of a statement that are kept."""

_SPAN: Final = "_statement_span"


def trace_statements(engine: Engine, spans: TracerProvider | None = None) -> None:
    """Make a span of each statement from now on; `spans` is in place of the provider that the process has."""
    tracer = get_tracer("studium.sql", tracer_provider=spans)
    database = engine.url.database or ""

    def begin(*given: Any) -> None:
        *_, statement, _, context, _ = given
        if context is None or not get_current_span().is_recording():
            return
        operation = statement.lstrip()[:20].partition(" ")[0].upper()
        attributes = {
            "db.system.name": "postgresql",
            "db.namespace": database,
            "db.operation.name": operation,
            "db.query.text": statement[:LONGEST],
        }
        vars(context)[_SPAN] = tracer.start_span(operation, kind=SpanKind.CLIENT, attributes=attributes)

    def end(*given: Any) -> None:
        span = _span_of(given[-2])
        if span is not None:
            span.end()

    def fail(failure: ExceptionContext) -> None:
        span = _span_of(failure.execution_context)
        if span is not None:
            span.set_attribute("error.type", type(failure.original_exception).__name__)
            span.set_status(StatusCode.ERROR)
            span.end()

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)


def _span_of(context: Any) -> Span | None:
    """The span of an execution context's statement, which nobody has ended yet."""
    return None if context is None else cast("dict[str, Any]", vars(context)).pop(_SPAN, None)
