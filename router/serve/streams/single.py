"""Several operations over one event stream: the single connection mode of GraphQL over Server-Sent Events.

A client reserves a connection by PUT and gets a token. With it, it opens the connection by GET, begins operations by
POST, whose answers come over the connection, and ends them by DELETE. All of it has to reach the same process.

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md#single-connection-mode
"""

from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.http.body import read_body
from router.serve.http.headers import read_headers
from router.serve.http.incoming import not_allowed
from router.serve.http.leaving import Left, UntilLeft
from router.serve.http.negotiate import MediaType
from router.serve.http.parse import check_content_type, check_query_string, parse_post
from router.serve.http.reply import Reply
from router.serve.limits import Limits
from router.serve.request import Hooks, RequestContext
from router.serve.streams.cursor import with_cursor
from router.serve.streams.framing import EventStream, single_end, single_event
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.outbox import End, Event
from router.serve.streams.over_http import GivenUp, PatientWriter, begin_stream
from router.serve.streams.reservation import NO_OPERATION, Reservation, Reservations, token_in
from router.serve.variants.entrance import Entrance, address_of

STREAM_NOT_FOUND = "STREAM_NOT_FOUND"
STREAM_IN_USE = "STREAM_IN_USE"
OPERATION_IN_USE = "OPERATION_IN_USE"
TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"

REFUSALS = {"accept": MediaType.GRAPHQL_RESPONSE.value}
"""Answers to operations come over the stream; what else there is to say has a status that tells it from them."""

MOST_PARAMETERS = 10
"""Of a query string."""


class SingleConnectionEndpoint:
    """An ASGI application for one path."""

    def __init__(self, engine: Engine, hooks: Hooks, keeper: StreamKeeper, metadata: str | None = None) -> None:
        """Args: `metadata` is where those of the graph as a protected resource are."""
        self._engine = engine
        self._metadata = metadata
        self._entrance = Entrance(engine, hooks)
        self._settings = keeper.settings
        self._draining = keeper.draining
        self._reservations = Reservations(engine, keeper)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        reply = Reply(send, None, self._metadata)
        reply.accept(REFUSALS)
        try:
            await self._answer(scope, receive, send)
        except Refused as refused:
            await reply.refuse(refused)
        except Left:
            return  # nobody is there to be answered
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            await reply.fail(error)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, query = read_headers(scope["headers"]), _query(scope, self._engine.limits)
        match scope["method"]:
            case "PUT":
                await self._reserve(scope, headers, send)
            case "GET":
                await self._open(await self._reservation(scope, headers, query), receive, send)
            case "POST":
                await self._begin(await self._reservation(scope, headers, query), scope, headers, receive, send)
            case "DELETE":
                (await self._reservation(scope, headers, query)).operations.end(_operation_id(query))
                await _say(send, HTTPStatus.OK)
            case _:
                raise not_allowed("PUT, GET, POST, DELETE", "A stream is reserved by PUT and opened by GET.")

    async def _reservation(self, scope: Scope, headers: Mapping[str, str], query: Mapping[str, str]) -> Reservation:
        found = self._reservations.get(token_in(headers, query))
        if found is None:
            raise _no_stream()
        await self._entrance.compare(scope, headers, found.context)
        return found

    async def _reserve(self, scope: Scope, headers: Mapping[str, str], send: Send) -> None:
        context = await self._entrance.enter(scope, headers)
        reservation = self._reservations.reserve(context, address_of(scope))
        await _say(send, HTTPStatus.CREATED, reservation.token.encode())

    async def _open(self, reservation: Reservation, receive: Receive, send: Send) -> None:
        if reservation.opened:
            raise Refused.because("The stream is open already.", STREAM_IN_USE, HTTPStatus.CONFLICT)
        self._reservations.open(reservation)
        try:
            async with UntilLeft(receive):
                with suppress(GivenUp), self._draining.watching(lambda: reservation.outbox.put_end(NO_OPERATION)):
                    await self._write(reservation, send)
        finally:
            await self._reservations.release(reservation)

    async def _write(self, reservation: Reservation, send: Send) -> None:
        """Send what the operations give, until the client leaves or its identity ends."""
        framing = EventStream()
        writer = PatientWriter(send, self._settings.write_seconds)
        await begin_stream(framing.content_type, send)
        await writer.write(framing.opening)
        while True:
            message = await reservation.outbox.get_within(self._settings.keep_alive_seconds)
            match message:
                case Event(id_):
                    await writer.write(single_event(id_, message.written()))
                case End(operation=""):
                    break
                case End(id_, errors):
                    if errors is not None:
                        await writer.write(single_event(id_, orjson.dumps({"errors": errors})))
                    await writer.write(single_end(id_))
                case _:
                    await writer.write(framing.silence)
        await writer.write(b"", more=False)

    async def _begin(
        self, reservation: Reservation, scope: Scope, headers: Mapping[str, str], receive: Receive, send: Send
    ) -> None:
        check_content_type(headers.get("content-type"))
        coding = headers.get("content-encoding")
        request = with_cursor(parse_post(await read_body(receive, self._engine.limits.body_bytes, coding)), headers)
        context = await self._entrance.enter(scope, headers)
        id_ = self._free_id(reservation, context, (request.extensions or {}).get("operationId"))
        await self._engine.prepare(request, context)
        if self._reservations.get(reservation.token) is None:
            raise _no_stream()  # it has ended meanwhile, and nobody would end the operation
        id_ = self._free_id(reservation, context, id_)  # another request may have been faster
        reservation.operations.begin(id_, request, context)
        await _say(send, HTTPStatus.ACCEPTED)

    def _free_id(self, reservation: Reservation, context: RequestContext, given: Any) -> str:
        """The id of an operation that may begin."""
        if not reservation.is_of(context):
            raise Refused.because("The stream is somebody else's.", "FORBIDDEN", HTTPStatus.FORBIDDEN)
        if not isinstance(given, str) or not given:
            message = "The request needs extensions.operationId, as a string."
            raise Refused.because(message, status=HTTPStatus.BAD_REQUEST)
        if given in reservation.operations:
            message = f"There is an operation {given} on this stream already."
            raise Refused.because(message, OPERATION_IN_USE, HTTPStatus.CONFLICT)
        if len(reservation.operations) >= self._settings.operations or reservation.outbox.is_crowded:
            message = "Too many operations on this connection."
            raise Refused.because(message, TOO_MANY_OPERATIONS, HTTPStatus.TOO_MANY_REQUESTS)
        return given


def _no_stream() -> Refused:
    message = "There is no such stream; reserve one by PUT."
    return Refused.because(message, STREAM_NOT_FOUND, HTTPStatus.NOT_FOUND)


def _query(scope: Scope, limits: Limits) -> dict[str, str]:
    check_query_string(scope, limits)
    try:
        return dict(parse_qsl(scope["query_string"].decode("ascii"), max_num_fields=MOST_PARAMETERS))
    except ValueError as error:
        raise Refused.because("The query string cannot be read.", status=HTTPStatus.BAD_REQUEST) from error


def _operation_id(query: Mapping[str, str]) -> str:
    if not query.get("operationId"):
        raise Refused.because("The query string needs an operationId.", status=HTTPStatus.BAD_REQUEST)
    return query["operationId"]


async def _say(send: Send, status: HTTPStatus, body: bytes = b"") -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": body})
