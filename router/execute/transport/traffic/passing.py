"""Headers that are each request's own, and tell nobody's requests apart: the trace it is part of, and the time left."""

from router.execute.transport.base import SubgraphRequest
from router.execute.transport.headers import header_lines
from router.execute.transport.traffic.tracing import FIELDS, is_traced, trace_headers


class Passing:
    """What is written onto every request."""

    def __init__(self, deadline_header: str | None, *, tracing: bool) -> None:
        self._deadline_name = b"" if deadline_header is None else deadline_header.lower().encode()
        self._own = frozenset[str]() if deadline_header is None else frozenset({deadline_header.lower()})
        self._tracing = tracing

    def without(self, request: SubgraphRequest) -> SubgraphRequest:
        """A request without what a client said in the place of these headers; ours alone are sent."""
        names = request.headers.keys()
        if names.isdisjoint(self._own) and (not self._tracing or names.isdisjoint(FIELDS) or not is_traced()):
            return request
        own = self._own | FIELDS if self._tracing and is_traced() else self._own
        return request.with_headers({name: value for name, value in request.headers.items() if name not in own})

    def lines(self, seconds: float) -> bytes:
        """The headers as they are written, for a request that is waited for so long."""
        written = b""
        if self._deadline_name:
            written = b"%b: %d\r\n" % (self._deadline_name, max(int(seconds * 1_000), 0))
        if self._tracing and is_traced():
            written += header_lines(trace_headers())
        return written

    def onto(self, request: SubgraphRequest) -> SubgraphRequest:
        """A subscription with the trace that it is part of; it has no end."""
        if not self._tracing or not is_traced():
            return request
        return request.with_headers({**self.without(request).headers, **trace_headers()})
