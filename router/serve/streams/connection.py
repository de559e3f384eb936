"""One client of a WebSocket: its identity, its operations and what is waiting to be sent to it."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf
from typing import Any, TypeAlias, cast

from router.execute.json import JSONObject
from router.serve.engine import Engine
from router.serve.errors import Refused, coded_error, masked
from router.serve.http.parse import parse_parameters
from router.serve.request import RequestContext
from router.serve.streams.census import Counted
from router.serve.streams.closing import (
    FORBIDDEN,
    ID_IN_USE,
    INIT_TIMEOUT,
    INTERNAL_ERROR,
    INVALID_MESSAGE,
    TOO_MANY_INITS,
    TRY_AGAIN_LATER,
    UNAUTHORIZED,
    Closed,
)
from router.serve.streams.delivery import delivery_of
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.operations import Operations
from router.serve.streams.outbox import Outbox
from router.serve.streams.socket import Socket
from router.serve.streams.term import Term
from router.serve.ticks import TICKS

TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"

Enter: TypeAlias = Callable[[JSONObject], Awaitable[RequestContext]]


class Connection:
    """From the handshake to the close."""

    __slots__ = (
        "_context",
        "_counted",
        "_delivery",
        "_enter",
        "_host",
        "_keeper",
        "_operations",
        "_outbox",
        "_reading",
        "_settings",
        "_socket",
        "_term",
        "_why",
    )

    def __init__(
        self,
        engine: Engine,
        enter: Enter,
        keeper: StreamKeeper,
        socket: Socket,
        host: str,
    ) -> None:
        """Take over an accepted socket.

        Args:
            engine: answers.
            enter: lets the client in, or not, by the parameters of its `connection_init`.
            keeper: of all streams.
            socket: the client's.
            host: its network address.
        """
        self._enter = enter
        self._keeper = keeper
        self._settings = keeper.settings
        self._socket = socket
        self._host = host
        self._context: RequestContext | None = None
        self._outbox = Outbox(self._settings.queue, self._settings.overflow)
        self._operations = Operations(engine, self._outbox, keeper.sources)
        self._counted: Counted | None = None
        self._term: Term | None = None
        self._delivery = delivery_of(socket, self._outbox, self._settings, self._end)
        self._reading = TICKS.within(inf)
        self._why: Closed | None = None
        """Why somebody else than the client has ended the connection."""

    async def serve(self) -> None:
        """Go on until the client leaves or breaks the protocol, or its identity ends; then end whatever still runs."""
        why = Closed(INTERNAL_ERROR, "Internal error")
        try:
            with self._reading:
                await self._read()
        except Closed as closed:
            why = closed
        except TimeoutError:
            why = self._why or why
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            masked(error)
        finally:
            self._let_go()
            await self._delivery.aclose()
            await self._operations.aclose()
        await self._socket.close(why)

    async def _read(self) -> None:
        try:
            with TICKS.within(self._settings.init_seconds):
                while self._context is None:
                    await self._handle(await self._socket.read())
        except TimeoutError as error:
            raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from error
        while True:
            if self._outbox.is_crowded:
                await self._outbox.room()
            message = await self._socket.read()
            self._delivery.heard()
            await self._handle(message)

    def _end(self, why: Closed) -> None:
        """End at once, whatever the client does."""
        if self._why is None:
            self._why = why
            self._reading.end()

    async def _handle(self, message: JSONObject) -> None:
        match message["type"]:
            case "connection_init":
                await self._initialise(message.get("payload"))
            case "ping":
                await self._outbox.put_notice({"type": "pong", **_payload(message)})
            case "pong":
                pass
            case "subscribe":
                self._subscribe(message)
            case "complete":
                self._operations.end(_id(message))
            case _:
                raise Closed(INVALID_MESSAGE, "Invalid message received: unknown type")

    async def _initialise(self, payload: object) -> None:
        if self._context is not None:
            raise Closed(TOO_MANY_INITS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise Closed(INVALID_MESSAGE, "Invalid message received: payload is not an object")
        parameters = cast("JSONObject", payload or {})
        if len({name.lower() for name in parameters}) < len(parameters):
            raise Closed(INVALID_MESSAGE, "Invalid message received: a parameter is given twice")
        context = await self._entered(parameters)
        self._hold(context)
        self._context = replace(context, policy=None)  # each operation has the policy of its own time
        await self._outbox.put_notice({"type": "connection_ack"})

    async def _entered(self, parameters: JSONObject) -> RequestContext:
        try:
            return await self._enter(parameters)
        except Refused as refused:
            raise Closed(FORBIDDEN, str(refused)) from refused
        except Exception as error:
            masked(error)
            raise Closed(INTERNAL_ERROR, "Internal error") from error

    def _hold(self, context: RequestContext) -> None:
        """Count the connection for its client, for no longer than the client's identity holds."""
        try:
            self._counted = self._keeper.census.counted(context.identity, self._host, context.policy)
        except Refused as refused:
            raise Closed(TRY_AGAIN_LATER, str(refused)) from refused
        try:
            self._term = Term(context, self._keeper.revocations, self._expired)
        except Refused as refused:
            raise Closed(FORBIDDEN, str(refused)) from refused

    def _let_go(self) -> None:
        """Count the connection no more."""
        if self._term is not None:
            self._term.close()
        if self._counted is not None:
            self._counted.close()

    def _expired(self, refused: Refused) -> None:
        """A client with a new token may come back."""
        self._end(Closed(FORBIDDEN, str(refused)))

    def _subscribe(self, message: JSONObject) -> None:
        if self._context is None:
            raise Closed(UNAUTHORIZED, "Unauthorized")
        id_ = _id(message)
        if id_ in self._operations:
            raise Closed(ID_IN_USE, f"Subscriber for {id_} already exists")
        if len(self._operations) >= self._settings.operations:
            self._outbox.put_end(id_, [coded_error("Too many operations on this connection.", TOO_MANY_OPERATIONS)])
            return
        try:
            self._operations.begin(id_, parse_parameters(message.get("payload")), self._context)
        except Refused as refused:
            self._outbox.put_end(id_, refused.errors)


def _id(message: JSONObject) -> str:
    id_: Any = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise Closed(INVALID_MESSAGE, "Invalid message received: no id")
    return id_


def _payload(message: JSONObject) -> JSONObject:
    return {"payload": message["payload"]} if "payload" in message else {}
