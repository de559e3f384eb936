"""A subgraph behind HTTP, over a pool of kept-alive connections.

Source: https://graphql.github.io/graphql-over-http/draft/
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import TypeAlias

from router.execute.json import read_json
from router.execute.transport.address import Address
from router.execute.transport.alarms import Alarms
from router.execute.transport.base import (
    MAX_RESPONSE_BYTES,
    TIMEOUT_SECONDS,
    MalformedResponse,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnreachable,
    Subscriptions,
    last_moment,
    parse_response,
)
from router.execute.transport.connection import BrokenOff, Garbled, Reply, Unanswered
from router.execute.transport.flights import Flights
from router.execute.transport.form import FormMessage, form_of
from router.execute.transport.headers import header_lines
from router.execute.transport.payload import parameters_of, payload_of
from router.execute.transport.pool import Pool
from router.execute.transport.streams import Streams

MAX_CONNECTIONS = 200

Content: TypeAlias = bytes | FormMessage
"""The rest of a message, see `content_of`."""

_REQUEST_LINES = (
    "POST {target} HTTP/1.1\r\n"
    "host: {authority}\r\n"
    "accept: application/graphql-response+json, application/json;q=0.9\r\n"
    "accept-encoding: gzip\r\n"
)


class HttpTransport:
    """Posts operations to one URL; subscriptions go to the same URL in a protocol that is said for the subgraph."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = TIMEOUT_SECONDS,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        max_connections: int = MAX_CONNECTIONS,
        sharing: bool = True,
        resending: bool = True,
        subscriptions: Subscriptions = Subscriptions.WEBSOCKET,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """A transport that connects when it is first used.

        `timeout` in seconds is from asking for a connection to the last byte. `max_response_bytes` is of an answer or
        an event, after decompression. `tls` is for https; None trusts whom the system trusts.

        With `sharing`, identical queries that are under way at the same time are sent once. What they share is the
        bytes of the answer: each decodes data of its own.

        With `resending`, a query goes out again when a kept connection has ended before the answer; without, that is
        left to whoever keeps account of attempts.
        """
        self.url = url
        self._timeout = timeout
        self._max_response_bytes = max_response_bytes
        self._max_connections = max_connections
        self._resending = resending
        self._flights: Flights[Reply] | None = Flights() if sharing else None
        self._streams = Streams(
            url, subscriptions, opening_seconds=timeout, max_event_bytes=max_response_bytes, tls=tls
        )
        self._tls = tls
        self._known_pool: Pool | None = None
        self._request_lines = b""
        self._alarms = Alarms()

    @property
    def shared(self) -> int:
        """Requests that were not sent, because an identical one was under way."""
        return 0 if self._flights is None else self._flights.shared

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        content = content_of(request)
        until = last_moment(request, self._timeout)
        try:
            with self._alarms.until(until):
                if self._flights is not None and request.shareable:
                    # The content has all that tells requests apart: the operation, its variables and whose they are.
                    identical = (content, request.moment)
                    reply = await self._flights.join(identical, lambda: self.exchange(request, content))
                else:
                    reply = await self.exchange(request, content)
        except TimeoutError as error:
            raise SubgraphTimeout(f"Subgraph {request.subgraph} did not answer in time.") from error
        return parse_reply(request, reply)

    async def exchange(self, request: SubgraphRequest, content: Content) -> Reply:
        """Send what `content_of` gave, and wait for the answer for as long as it takes.

        Raises:
            SubgraphFailure: there was none.
        """
        pool = self._known_pool or self._pool(request)
        try:
            return await pool.exchange(
                self._request_lines + content, idempotent=request.idempotent, resending=self._resending
            )
        except BrokenOff as error:
            raise MalformedResponse(f"Subgraph {request.subgraph} broke off its response.") from error
        except Garbled as error:
            raise MalformedResponse(f"Subgraph {request.subgraph} {error}.") from error
        except (OSError, Unanswered) as error:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} cannot be reached.") from error

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        async with aclosing(self._streams.subscribe(request)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        if self._known_pool is not None:
            self._known_pool.close()
            self._known_pool = None
        await self._streams.aclose()

    def _pool(self, request: SubgraphRequest) -> Pool:
        """Made on first use, because connections belong to the running loop.

        Raises:
            SubgraphUnreachable: the URL leads nowhere.
        """
        try:
            address = Address.of(self.url)
        except ValueError as error:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} has no URL to be reached at.") from error
        lines = _REQUEST_LINES.format(target=address.target, authority=address.authority)
        self._request_lines = lines.encode("latin-1")
        self._known_pool = Pool(
            address,
            max_connections=self._max_connections,
            max_body_bytes=self._max_response_bytes,
            tls=self._tls,
        )
        return self._known_pool


def content_of(request: SubgraphRequest) -> Content:
    """A message without the lines that say where it goes: the request's own headers, and the body.

    Raises:
        InvalidHeader: a header would end up as something else than one header.
    """
    try:
        body = payload_of(request)
    except TypeError:
        return _with_files(request)
    return b"%bcontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        header_lines(request.headers),
        len(body),
        body,
    )


def _with_files(request: SubgraphRequest) -> FormMessage:
    """A form, with the header that servers ask for to be sure that no other site's page has made a browser send it.

    Raises:
        TypeError: it is not files that the variables have and JSON has not.
    """
    form = form_of(parameters_of(request))
    if form is None:
        raise TypeError("The variables cannot be written as JSON.")
    headers = {**request.headers, "apollo-require-preflight": "true"}
    lines = f"content-type: {form.content_type}\r\ncontent-length: {form.size}\r\n\r\n"
    return FormMessage(header_lines(headers) + lines.encode(), form)


def parse_reply(request: SubgraphRequest, reply: Reply) -> SubgraphResponse:
    """A GraphQL response counts as one whatever its status; without one, the status tells whose fault it was.

    Raises:
        SubgraphFailure: it is none.
    """
    if request.whole and reply.status == HTTPStatus.OK:
        return SubgraphResponse(None, raw=reply, size=len(reply.body))
    raw = request.rewrite(reply.body) if request.rewrite is not None else None
    if raw is not None:
        return SubgraphResponse(None, raw=raw, size=len(reply.body))
    try:
        return parse_response(read_json(reply.body), len(reply.body))
    except (ValueError, MalformedResponse) as error:
        status = reply.status
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} answered with status {status}.") from error
        if isinstance(error, MalformedResponse):
            raise
        raise MalformedResponse(f"Subgraph {request.subgraph} answered without JSON (status {status}).") from error
