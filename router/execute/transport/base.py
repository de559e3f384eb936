"""What every way of reaching a subgraph has in common: the request, the response, and how reaching it can fail."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Protocol, cast

from router.execute.json import JSONObject
from router.execute.terms import NO_TERMS, Terms

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Largest subgraph response that is read by default, after decompression."""

TIMEOUT_SECONDS = 30.0
"""How long a subgraph may take to answer by default."""

CURSOR_HEADER = "last-event-id"
"""What tells a subgraph where a subscription goes on. Source: https://html.spec.whatwg.org/#the-last-event-id-header"""


@dataclass(frozen=True, slots=True)
class SubgraphRequest:
    """One GraphQL operation for one subgraph.

    Attributes:
        subgraph: its name as composed.
        headers: the client's headers that the subgraph may see; for subscriptions also the connection's payload.
        idempotent: a query, which may be sent a second time when a connection breaks before anything came back.
        shareable: an answer that is still under way to an identical request may be the answer to this one, too. Not so
            after a mutation or an event, which must see what has changed.
        moment: of whoever keeps answers, 0 without. Requests of different moments do not share what is under way: a
            later one must see what has changed in between.
        rewrite: for transports that get responses as text: what the receiver makes of the text of one, to be given as
            `raw`; None means that it wants the response read.
        terms: of the execution that it is part of.
        deadline: the event loop's time at which nobody waits for the answer any more; None for as long as the transport
            waits. Of a subscription it is when the stream must have started.
        cursor: of the event after which a subscription goes on, as the subgraph gave it; None from now on.
        whole: a reply over HTTP that is in order is wanted as it came, as `raw`, rather than read.
    """

    subgraph: str
    query: str
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    idempotent: bool = False
    shareable: bool = False
    rewrite: Callable[[bytes], Any] | None = None
    terms: Terms = NO_TERMS
    deadline: float | None = None
    cursor: str | None = None
    whole: bool = False
    moment: int = 0

    def with_headers(self, headers: Mapping[str, str]) -> "SubgraphRequest":
        """The same with other headers, in a fraction of the time that `replace` takes."""
        return SubgraphRequest(
            self.subgraph,
            self.query,
            self.variables,
            self.operation_name,
            headers,
            self.idempotent,
            self.shareable,
            self.rewrite,
            self.terms,
            self.deadline,
            self.cursor,
            self.whole,
            self.moment,
        )

    def as_whole(self, moment: int, variables: Mapping[str, Any] | None = None) -> "SubgraphRequest":
        """The same at a moment, perhaps with other variables, for a reply as it came."""
        return SubgraphRequest(
            self.subgraph,
            self.query,
            self.variables if variables is None else variables,
            self.operation_name,
            self.headers,
            self.idempotent,
            self.shareable,
            self.rewrite,
            self.terms,
            self.deadline,
            self.cursor,
            whole=True,
            moment=moment,
        )


@dataclass(frozen=True, slots=True)
class SubgraphResponse:
    """A well-formed GraphQL response.

    Attributes:
        data: an object or None. It belongs to the receiver, who may change it.
        errors: each is an object with a string `message`.
        raw: what the request's `rewrite` gave, if it did, or the whole reply; there is nothing else then.
        extensions: of an event, `cursor` says where it stands among the others.
        size: of the text that it was made from, in bytes; 0 if there was none.
    """

    data: JSONObject | None
    errors: tuple[Mapping[str, Any], ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    raw: Any = None
    size: int = field(default=0, compare=False)


class SubgraphFailure(Exception):
    """A subgraph gave no GraphQL response. The message is safe to show to clients."""

    code: ClassVar[str] = "SUBGRAPH_UNREACHABLE"


class SubgraphUnreachable(SubgraphFailure):
    """No connection, or the server behind it failed."""


class SubgraphTimeout(SubgraphFailure):
    """No answer within the deadline."""

    code = "SUBGRAPH_TIMEOUT"


class SubgraphUnavailable(SubgraphFailure):
    """It has failed so often of late that nothing is sent to it for a while."""

    code = "SUBGRAPH_UNAVAILABLE"


class SubgraphOverloaded(SubgraphFailure):
    """So many requests wait for it already that this one is not to wait as well, or has waited in vain."""

    code = "SUBGRAPH_OVERLOADED"


class MalformedResponse(SubgraphFailure):
    """An answer that is not a GraphQL response."""

    code = "SUBGRAPH_MALFORMED_RESPONSE"


class InvalidHeader(SubgraphFailure):
    """A header to be forwarded that would end up as something else than one header."""

    code = "INVALID_HEADER"


class Subscriptions(Enum):
    """How a subgraph behind HTTP sends the events of a subscription."""

    WEBSOCKET = "websocket"
    SSE = "sse"
    MULTIPART = "multipart"


class Transport(Protocol):
    """A way to reach one subgraph."""

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        """Execute a query or mutation.

        Raises:
            SubgraphFailure: there was no GraphQL response.
        """
        ...

    def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """Execute a subscription, one response per event; closing the generator ends it at the subgraph too.

        Raises:
            SubgraphFailure: the stream could not start or broke.
        """
        ...

    async def aclose(self) -> None:
        """Release connections. Requests that still run fail."""
        ...


def last_moment(request: SubgraphRequest, seconds: float | None) -> float | None:
    """The event loop's time until which the answer is waited for by a transport that waits so long; None for ever."""
    if seconds is None:
        return request.deadline
    moment = asyncio.get_running_loop().time() + seconds
    return moment if request.deadline is None else min(moment, request.deadline)


def parse_response(payload: object, size: int = 0) -> SubgraphResponse:
    """Check the shape of a decoded response, whose text had so many bytes.

    Raises:
        MalformedResponse: it is not a GraphQL response.

    Source: https://spec.graphql.org/draft/#sec-Response-Format
    """
    if not isinstance(payload, dict):
        raise MalformedResponse("The subgraph's response is not a JSON object.")
    response = cast("JSONObject", payload)
    data: Any = response.get("data")
    if data is not None and not isinstance(data, dict):
        raise MalformedResponse("The subgraph's response has data that is not an object.")
    errors: Any = response.get("errors")
    if errors is None:
        if data is None:
            raise MalformedResponse("The subgraph's response has neither data nor errors.")
        parsed: tuple[Mapping[str, Any], ...] = ()
    else:
        parsed = _parse_errors(errors)
    extensions: Any = response.get("extensions")
    return SubgraphResponse(
        cast("JSONObject | None", data),
        parsed,
        cast("JSONObject", extensions) if isinstance(extensions, dict) else {},
        size=size,
    )


def _parse_errors(errors: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(errors, list):
        raise MalformedResponse("The subgraph's response has errors that are not a list.")
    return tuple(_parse_error(error) for error in cast("list[object]", errors))


def _parse_error(error: object) -> JSONObject:
    if isinstance(error, dict):
        parsed = cast("JSONObject", error)
        if isinstance(parsed.get("message"), str):
            return parsed
    raise MalformedResponse("The subgraph's response has an error without a message.")
