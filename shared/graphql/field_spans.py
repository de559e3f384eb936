"""What a subgraph does for one operation, as spans of the trace that its request is part of.

An operation has a span, and below it each field of the document that waits for something: a resolver that is a
coroutine has most likely asked a database, whose spans are below its own. A field that many objects have is one span,
however many they are, from the first of them to the last. What is there already, as most fields are, has none. Nothing
of this is done for operations whose trace nobody keeps.

Sources: https://www.w3.org/TR/trace-context/, https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
"""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false

import time
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLResolveInfo
from graphql.pyutils import is_awaitable
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import Link, Span, StatusCode, Tracer, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from strawberry.extensions import SchemaExtension

MOST_FIELDS: Final = 100
"""Fields of one operation that have spans."""

_PROPAGATOR: Final = TraceContextTextMapPropagator()

_spans: ContextVar["OperationSpans | None"] = ContextVar("operation_spans", default=None)


def spans_wanted() -> "OperationSpans | None":
    """Where spans of what is executed now belong; None where nobody keeps them."""
    return _spans.get()


@dataclass(slots=True)
class _Field:
    span: Span
    context: Context
    objects: int = 0
    ended: int = 0


class OperationSpans:
    """Of one operation, or of one event after the other of a subscription."""

    def __init__(self, tracer: Tracer, subscription: Span | None = None) -> None:
        """Args: `subscription` is what events have links to; None for a query or mutation."""
        self._tracer = tracer
        self._subscription = subscription
        self._event: Span | None = None
        self._before = get_current()
        self._fields: dict[tuple[str, int], _Field] = {}

    def begin(self) -> None:
        """Begin the trace of an event with its first field: until then it was waited for."""
        if self._subscription is not None and self._event is None:
            links = [Link(self._subscription.get_span_context())]
            self._event = self._tracer.start_span("graphql event", Context(), links=links)
            self._before = get_current()
            attach(set_span_in_context(self._event))

    def field(self, info: GraphQLResolveInfo[Any]) -> _Field | None:
        """The span of a field, to which one more object belongs; None beyond `MOST_FIELDS`."""
        key = info.parent_type.name, id(info.field_nodes[0])
        known = self._fields.get(key)
        if known is None:
            if len(self._fields) == MOST_FIELDS:
                return None
            path = ".".join(each for each in info.path.as_list() if isinstance(each, str))
            span = self._tracer.start_span(
                f"{info.parent_type.name}.{info.field_name}", attributes={"graphql.field.path": path}
            )
            known = self._fields[key] = _Field(span, set_span_in_context(span))
        known.objects += 1
        return known

    def end(self) -> None:
        """All that was asked for is there."""
        for each in self._fields.values():
            each.span.set_attribute("graphql.field.objects", each.objects)
            each.span.end(each.ended or None)
        self._fields.clear()
        if self._event is not None:
            self._event.end()
            self._event = None
            attach(self._before)  # a generator may go on in another context, which could not be detached from


class FieldSpans(SchemaExtension):
    """Makes the spans of the fields of one operation."""

    def __init__(self, spans: OperationSpans) -> None:
        self._spans = spans

    def resolve(
        self,
        _next: Callable[..., Any],
        root: Any,
        info: GraphQLResolveInfo[Any],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        """Resolve a field, within its span if it has to be waited for."""
        if info.path.prev is None:
            self._spans.begin()
        result = _next(root, info, *args, **kwargs)
        if not is_awaitable(result):
            return result
        field = self._spans.field(info)
        return result if field is None else _within(field, result)


@contextmanager
def operation_span(tracer: Tracer, name: str | None, headers: Mapping[str, str]) -> Generator[None]:
    """A span of an operation that is executed within the block, and those of its fields.

    Args:
        tracer: makes them.
        name: of the operation.
        headers: of its request; they tell the trace where nothing else has done so yet.
    """
    with tracer.start_as_current_span("graphql", _parent(headers), attributes=_attributes(name)) as span:
        if not span.is_recording():
            yield
            return
        spans = OperationSpans(tracer)
        token = _spans.set(spans)
        try:
            yield
        finally:
            _spans.reset(token)
            spans.end()


@contextmanager
def subscription_spans(
    tracer: Tracer, name: str | None, headers: Mapping[str, str]
) -> Generator[OperationSpans | None]:
    """Spans of the events of a subscription that begins within the block; None where nobody keeps them.

    What it takes to begin is a span of the request's trace. Each event has a trace of its own, as subscriptions may
    last for days, with a link to that span.
    """
    with tracer.start_as_current_span("graphql subscribe", _parent(headers), attributes=_attributes(name)) as span:
        spans = OperationSpans(tracer, span) if span.is_recording() else None
        token = _spans.set(spans)
        try:
            yield spans
        finally:
            _spans.reset(token)


async def _within(field: _Field, result: Awaitable[Any]) -> Any:
    token = attach(field.context)
    try:
        return await result
    except Exception:
        field.span.set_status(StatusCode.ERROR)
        raise
    finally:
        detach(token)
        field.ended = time.time_ns()


def _parent(headers: Mapping[str, str]) -> Context:
    """The trace that is under way in this process, or else the one that the request says it is part of."""
    current = get_current()
    return current if get_current_span(current).get_span_context().is_valid else _PROPAGATOR.extract(headers, current)


def _attributes(name: str | None) -> Mapping[str, str]:
    return {"graphql.operation.name": name or ""}
