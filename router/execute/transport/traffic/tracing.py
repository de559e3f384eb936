"""The current trace, as it goes on at a subgraph.

Source: https://www.w3.org/TR/trace-context/
"""

from opentelemetry import propagate, trace

FIELDS = frozenset({"traceparent", "tracestate", "baggage"})


def is_traced() -> bool:
    """Whether there is a trace to go on: looking costs a fraction of writing it down."""
    return trace.get_current_span().get_span_context().is_valid


def trace_headers() -> dict[str, str]:
    """What the propagators that OpenTelemetry is set to have to say."""
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return carrier
