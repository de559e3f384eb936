"""Subscriptions at a subgraph over a response that does not end: Server-Sent Events, or multipart.

Sources: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (distinct connections mode),
https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol
"""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

import aiohttp

from router.execute.json import JSONObject, read_json
from router.execute.transport.base import (
    CURSOR_HEADER,
    MalformedResponse,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnreachable,
    parse_response,
)
from router.execute.transport.event_stream import TooLarge, Unfinished, parts, server_sent_events
from router.execute.transport.headers import forwarded
from router.execute.transport.payload import payload_of

_SSE = "text/event-stream"
_MULTIPART = "multipart/mixed"
_ACCEPT = {_SSE: _SSE, _MULTIPART: 'multipart/mixed;subscriptionSpec="1.0"'}
_MOST_PAUSES = 5
"""One after the other, without an event in between."""

_LONGEST_PAUSE = 10.0
_FOREVER = aiohttp.ClientTimeout(total=None, sock_read=None)


async def subscribe_over_sse(
    session: aiohttp.ClientSession,
    url: str,
    request: SubgraphRequest,
    *,
    opening_seconds: float,
    max_event_bytes: int,
) -> AsyncGenerator[SubgraphResponse]:
    """One response per event.

    A server that is about to end says when to come back. The stream goes on there after its last event, if that has a
    cursor; otherwise something might be missing, and the stream is broken.

    Raises:
        SubgraphFailure: no connection, or it broke, or what came was not the protocol.
    """
    pauses, cursor = 0, request.cursor
    while True:
        try:
            events = _over_sse(session, url, request, opening_seconds, max_event_bytes)
            async with aclosing(events):
                async for event in events:
                    pauses, cursor = 0, _cursor(event)
                    yield event
                return
        except _Paused as paused:
            pauses += 1
            if cursor is None or pauses > _MOST_PAUSES:
                raise SubgraphUnreachable(f"Subgraph {request.subgraph} broke off the stream.") from paused
            await asyncio.sleep(min(paused.seconds, _LONGEST_PAUSE))
            request = replace(request, cursor=cursor)


def _cursor(event: SubgraphResponse) -> str | None:
    """Where an event stands, if that can be a header's value."""
    cursor = event.extensions.get("cursor")
    return cursor if isinstance(cursor, str) and cursor.isascii() and cursor.isprintable() else None


class _Paused(Exception):
    """The server has said when to come back, and ended the stream."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def _over_sse(
    session: aiohttp.ClientSession, url: str, request: SubgraphRequest, opening_seconds: float, max_event_bytes: int
) -> AsyncGenerator[SubgraphResponse]:
    """One response per event of one connection.

    Raises:
        SubgraphFailure: as above.
        _Paused: the stream goes on over another connection.
    """
    retry: int | None = None
    response = await _open(session, url, request, _SSE, opening_seconds)
    with _ended(response, request):
        if response.content_type != _SSE:
            yield await _only_response(response, request, max_event_bytes)
            return
        events = server_sent_events(response.content.iter_any(), max_event_bytes)
        async with aclosing(events):
            async for event in events:
                retry = event.retry if event.retry is not None else retry
                if event.name == "complete":
                    return
                if event.name == "next":
                    yield parse_response(_placed(_decoded(request, event.data), event.id))
        if retry is not None:
            raise _Paused(retry / 1000)
        raise SubgraphUnreachable(f"Subgraph {request.subgraph} broke off the stream.")


async def subscribe_over_multipart(
    session: aiohttp.ClientSession,
    url: str,
    request: SubgraphRequest,
    *,
    opening_seconds: float,
    max_event_bytes: int,
) -> AsyncGenerator[SubgraphResponse]:
    """One response per event.

    Raises:
        SubgraphFailure: no connection, or it broke, or what came was not the protocol.
    """
    response = await _open(session, url, request, _MULTIPART, opening_seconds)
    with _ended(response, request):
        if response.content_type != _MULTIPART:
            yield await _only_response(response, request, max_event_bytes)
            return
        bodies = parts(response.content.iter_any(), _boundary(response), max_event_bytes)
        async with aclosing(bodies):
            async for body in bodies:
                event = _event(_decoded(request, body))
                if event is not None:
                    yield event


async def _open(
    session: aiohttp.ClientSession, url: str, request: SubgraphRequest, kind: str, seconds: float
) -> aiohttp.ClientResponse:
    """The response, of which no more than the headers has been read."""
    headers = {
        **dict(forwarded(request.headers)),
        "accept": f"{_ACCEPT[kind]}, application/json",
        "accept-encoding": "identity",  # a compressed event would wait for the next one to fill a block
        "content-type": "application/json",
    }
    if request.cursor is not None:
        headers[CURSOR_HEADER] = request.cursor
    try:
        async with asyncio.timeout(seconds):
            return await session.post(
                url, data=payload_of(request), headers=headers, allow_redirects=False, timeout=_FOREVER
            )
    except TimeoutError as error:
        raise SubgraphTimeout(f"Subgraph {request.subgraph} did not answer in time.") from error
    except (aiohttp.ClientError, OSError) as error:
        raise SubgraphUnreachable(f"Subgraph {request.subgraph} cannot be reached.") from error


@contextmanager
def _ended(response: aiohttp.ClientResponse, request: SubgraphRequest) -> Generator[None]:
    """Close the response at the end of the block, and say what ended it too early."""
    try:
        yield
    except (aiohttp.ClientError, ConnectionError, Unfinished) as error:
        raise SubgraphUnreachable(f"Subgraph {request.subgraph} broke off the stream.") from error
    except TooLarge as error:
        raise MalformedResponse(f"Subgraph {request.subgraph} sent an event that is too large.") from error
    finally:
        response.close()


async def _only_response(
    response: aiohttp.ClientResponse, request: SubgraphRequest, max_bytes: int
) -> SubgraphResponse:
    """What a server answers that does not begin a stream: as a rule why not."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > max_bytes:
            raise MalformedResponse(f"Subgraph {request.subgraph} sent a response that is too large.")
    try:
        return parse_response(read_json(body))
    except (ValueError, MalformedResponse) as error:
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise SubgraphUnreachable(f"Subgraph {request.subgraph} answered with status {response.status}.") from error
        raise MalformedResponse(
            f"Subgraph {request.subgraph} answered without a stream (status {response.status})."
        ) from error


def _boundary(response: aiohttp.ClientResponse) -> bytes:
    """The usual one where the header names none."""
    content_type = aiohttp.helpers.parse_mimetype(response.headers.get("content-type", ""))
    return content_type.parameters.get("boundary", "-").strip("\"'").encode()


def _event(message: JSONObject) -> SubgraphResponse | None:
    """The response in a part; None for a heartbeat. Errors beside the payload are of the stream, and end it."""
    if message.get("errors"):
        return parse_response({"errors": message["errors"]})
    payload: Any = message.get("payload")
    return None if payload is None else parse_response(payload)


def _placed(message: JSONObject, id_: str | None) -> JSONObject:
    """The message with the event's id as its cursor, unless it brings one itself."""
    extensions: Any = message.get("extensions") or {}
    if id_ and isinstance(extensions, dict):
        message["extensions"] = {"cursor": id_, **extensions}
    return message


def _decoded(request: SubgraphRequest, text: bytes) -> JSONObject:
    try:
        message: Any = read_json(text)
    except ValueError as error:
        raise MalformedResponse(f"Subgraph {request.subgraph} sent an event that is not JSON.") from error
    if not isinstance(message, dict):
        raise MalformedResponse(f"Subgraph {request.subgraph} sent an event that is not an object.")
    return cast("JSONObject", message)
