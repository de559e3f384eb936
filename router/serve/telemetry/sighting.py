"""What is seen of one operation of a client, from its arrival to its end.

Whoever begins to serve an operation begins a sighting; those on the way take note of what they know. It is carried in a
context variable, which observes and decides nothing.
"""

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from contextvars import ContextVar, Token
from enum import Enum
from secrets import token_hex
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, Self

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, set_span_in_context
from starlette.types import Message, Send

from router.execute.json import JSONObject
from router.execute.subscriptions import GAP

if TYPE_CHECKING:
    from router.execute.response import Response
    from router.serve.operation import Operation
    from router.serve.request import GraphQLRequest, RequestContext
    from router.serve.telemetry.numbers import Numbers

_REQUEST_ID: Final = re.compile(r"[\w.-]{1,64}")

_TRACE_PARENT: Final = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")

_ERROR_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

MOST_IDS: Final = 10

UNKNOWN_CODE: Final = "UNKNOWN"
"""Of an error without a code."""


class Status(Enum):
    """What became of an operation."""

    OK = "ok"
    PARTIAL = "partial"
    """Some of its data is missing, or there are errors beside it."""
    FAILED = "failed"
    """It was executed, and all its data is missing."""
    REFUSED = "refused"
    """It was not executed."""
    PRICED = "priced"
    """It was not to be executed: its client wanted to know what it would cost."""

    @property
    def is_executed(self) -> bool:
        """Whether anything was done that costs."""
        return self not in {Status.REFUSED, Status.PRICED}


class ClientName(NamedTuple):
    """What a client says that it is, which nobody has verified; empty for nothing."""

    name: str = ""
    version: str = ""


class Observer(Protocol):
    """Who keeps what was seen."""

    @property
    def numbers(self) -> "Numbers": ...

    def begun(self, seen: "Sighting", whole: "Sighting", /) -> None:
        """Take note of what begins as a part of something."""
        ...

    def ended(self, seen: "Sighting", /) -> None:
        """Take note of what is over."""
        ...

    def counted(self, seen: "Sighting", /) -> None:
        """The same, without its trace."""
        ...


class Sighting:
    """One operation, or a request that brings none or several.

    Attributes:
        begun: of `time.perf_counter`.
        transport: by which it came: `http`, `batch`, `sse`, `multipart`, `sse-single`, `websocket`.
        client: what it says that it is.
        method: of HTTP; empty where there is none.
        request: what the client has sent; None before it was read.
        operation: as it was planned; None before, or where it was refused.
        context: who asks.
        estimated: cost; None where it was not executed.
        actual: cost, where it is measured.
        codes: of errors that the client got, and how many of each; None for none.
        error_ids: of masked errors, at most `MOST_IDS`.
        span: in a trace; None where nothing is traced.
        trace: headers that say which trace the client's request is part of.
        trace_header: of the answer, with the id of its trace; None for none.
        status: as far as is known.
        http_status: of the response; 0 where there is none of its own.
        bytes: sent to the client.
        subgraph_requests: that were made for it.
        subgraph_bytes: that came back from them.
        messages: of a subscription.
        carries: it brings operations that are seen by themselves, and is none itself.
        observer: who keeps it.
    """

    __slots__ = (
        "_request_id",
        "_send",
        "_span_token",
        "_token",
        "actual",
        "begun",
        "bytes",
        "carries",
        "client",
        "codes",
        "context",
        "error_ids",
        "estimated",
        "http_status",
        "messages",
        "method",
        "observer",
        "operation",
        "request",
        "span",
        "status",
        "subgraph_bytes",
        "subgraph_requests",
        "trace",
        "trace_header",
        "transport",
    )

    def __init__(
        self, transport: str, client: "ClientName", observer: "Observer", method: str = "", request_id: str = ""
    ) -> None:
        self.observer = observer
        self._request_id = request_id
        self._send: Send | None = None
        self._token: Token[Sighting | None] | None = None
        self._span_token: Token[Context] | None = None
        self.begun = perf_counter()
        self.transport = transport
        self.client = client
        self.method = method
        self.request: GraphQLRequest | None = None
        self.operation: Operation | None = None
        self.context: RequestContext | None = None
        self.estimated: float | None = None
        self.actual: float | None = None
        self.codes: dict[str, int] | None = None
        self.error_ids: list[str] = []
        self.span: Span | None = None
        self.trace: Mapping[str, str] = {}
        self.trace_header: bytes | None = None
        self.status = Status.OK
        self.http_status = 0
        self.bytes = 0
        self.subgraph_requests = 0
        self.subgraph_bytes = 0
        self.messages = 0
        self.carries = False

    def __enter__(self) -> Self:
        """Be the one that those on the way find, within the block."""
        self._token = SIGHTING.set(self)
        if self.span is not None:
            self._span_token = attach(set_span_in_context(self.span))
        return self

    def __exit__(self, *_: object) -> None:
        if self._span_token is not None:
            detach(self._span_token)
            self._span_token = None
        if self._token is not None:
            SIGHTING.reset(self._token)

    @property
    def request_id(self) -> str:
        """The client's own, if it is none that harms, or else a new one."""
        if not _REQUEST_ID.fullmatch(self._request_id):
            self._request_id = token_hex(8)
        return self._request_id

    def end(self) -> None:
        """It is over."""
        self.observer.ended(self)

    def repeat(self) -> None:
        """The same has happened again: it is counted and reported, and not traced."""
        self.begun = perf_counter()
        self.observer.counted(self)

    def part(self, transport: str) -> "Sighting":
        """Begin to look at one of the operations that this request brings."""
        self.carries = True
        seen = Sighting(transport, self.client, self.observer, request_id=self._request_id)
        self.observer.begun(seen, self)
        return seen

    def sending(self, send: Send) -> Send:
        """An ASGI `send` that takes note of what is sent."""
        self._send = send
        return self._note_sent

    async def _note_sent(self, message: Message) -> None:
        if "status" in message:
            self.http_status = message["status"]
            if self.trace_header is not None and (trace := self.trace_ids) is not None:
                message = {**message, "headers": [*message.get("headers", ()), (self.trace_header, trace[0].encode())]}
        else:
            self.bytes += len(message.get("body", b""))
        assert self._send is not None  # noqa: S101  # nobody else has this function
        await self._send(message)

    @property
    def trace_ids(self) -> tuple[str, str] | None:
        """Trace and span that this is part of, as texts: those of the router, or else of its client."""
        if self.span is not None:
            span = self.span.get_span_context()
            return f"{span.trace_id:032x}", f"{span.span_id:016x}"
        given = _TRACE_PARENT.fullmatch(self.trace.get("traceparent", ""))
        return None if given is None else (given[1], given[2])

    def answered(self, response: "Response") -> None:
        """Take note of an answer, or of a part of one."""
        if response.errors:
            self.failed(response.errors, executed=response.executed, nothing=response.data is None)

    async def subscription(
        self, responses: "AsyncGenerator[Response]", cursor: str | None
    ) -> "AsyncGenerator[Response]":
        """The events of a subscription, looked at; `cursor` is the one after which it goes on, if it does."""
        with self.watching(cursor) as watching:
            async with aclosing(responses):
                async for response in responses:
                    watching.event(response)
                    yield response

    def watching(self, cursor: str | None) -> "Watching":
        """Look at a subscription within a block; `cursor` is the event after which it goes on, if it does."""
        return Watching(self, cursor)

    def priced(self) -> None:
        """Take note that nothing is executed, as nothing was wanted."""
        self.status = Status.PRICED

    def refused(self, errors: Iterable[JSONObject]) -> None:
        """Take note of why nothing was executed."""
        self.failed(errors, executed=False)

    def failed(self, errors: Iterable[JSONObject], *, executed: bool = True, nothing: bool = True) -> None:
        """Take note of errors that the client gets, with nothing else or beside an answer."""
        codes = self.codes = self.codes or {}
        for error in errors:
            code = _extension(error, "code") or UNKNOWN_CODE
            codes[code] = codes.get(code, 0) + 1
            id_ = _extension(error, "id")
            if id_ and id_ not in self.error_ids and len(self.error_ids) < MOST_IDS and _ERROR_ID.fullmatch(id_):
                self.error_ids.append(id_)
        if not executed:
            self.status = Status.REFUSED
        elif nothing and not self.messages:
            self.status = Status.FAILED
        elif self.status is Status.OK:
            self.status = Status.PARTIAL


class Watching:
    """A subscription that runs: whoever gives its client an event takes note of it here."""

    __slots__ = ("_numbers", "_resumes", "_seen")

    def __init__(self, seen: Sighting, cursor: str | None) -> None:
        self._seen = seen
        self._numbers = seen.observer.numbers
        self._resumes = cursor is not None

    def __enter__(self) -> Self:
        self._numbers.streams[self._seen.transport] += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._numbers.streams[self._seen.transport] -= 1

    def event(self, response: "Response") -> None:
        """Take note of an event."""
        seen = self._seen
        if self._resumes:
            self._numbers.resumptions["gap" if GAP in response.extensions else "resumed"] += 1
            self._resumes = False
        if response.errors:
            seen.answered(response)
        seen.messages += 1
        self._numbers.messages[seen.transport] += 1


SIGHTING: Final[ContextVar[Sighting | None]] = ContextVar("sighting", default=None)


def _extension(error: Mapping[str, Any], name: str) -> str | None:
    extensions: Any = error.get("extensions")
    found = extensions.get(name) if isinstance(extensions, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # JSON
    return found if isinstance(found, str) else None


def part_of_current(transport: str | None = None) -> Sighting | None:
    """Begin to look at an operation of the request or connection that is served now; None where nobody looks."""
    whole = SIGHTING.get()
    return None if whole is None else whole.part(transport or whole.transport)
