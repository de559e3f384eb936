"""Connections over Server-Sent Events that carry several operations: reserved first, and opened once."""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus

from router.serve.engine import Engine
from router.serve.errors import Refused
from router.serve.request import RequestContext
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.operations import Operations
from router.serve.streams.outbox import Outbox
from router.serve.streams.term import Term

TOO_MANY_RESERVATIONS = "TOO_MANY_RESERVATIONS"

NO_OPERATION = ""
"""What ends when a connection itself does."""


class Reservation:
    """One connection of one client, from its reservation to its end.

    Attributes:
        token: who has it may open the connection, once, and begin operations on it if it is the same client.
        context: who reserved it.
        operations: that run on it; they may begin before it is opened.
        opened: whether it is, or was, open.
        ended: its client's identity holds no more.
    """

    def __init__(self, engine: Engine, keeper: StreamKeeper, context: RequestContext) -> None:
        self.token = secrets.token_urlsafe(32)
        self.context = context
        self.outbox = Outbox(keeper.settings.queue, keeper.settings.overflow)
        self.operations = Operations(engine, self.outbox, keeper.sources)
        self.opened = False
        self.ended = False
        self.held = ExitStack()
        self.held.callback(Term(context, keeper.revocations, self._end).close)

    def is_of(self, context: RequestContext) -> bool:
        """Whether the same client asks, as far as that is known."""
        mine, theirs = self.context.identity, context.identity
        if mine is None or theirs is None:
            return mine is theirs
        return (mine.tenant, mine.subject) == (theirs.tenant, theirs.subject)

    def _end(self, refused: Refused) -> None:
        self.ended = True
        self.operations.fail(refused.errors)
        self.outbox.put_end(NO_OPERATION)

    async def aclose(self) -> None:
        """End all its operations."""
        self.held.close()
        await self.operations.aclose()


class Reservations:
    """Those of one router, by their tokens."""

    def __init__(self, engine: Engine, keeper: StreamKeeper) -> None:
        self._engine = engine
        self._keeper = keeper
        self._known: dict[str, Reservation] = {}
        self._unopened = 0
        self._closing: set[asyncio.Task[None]] = set()

    def reserve(self, context: RequestContext, host: str) -> Reservation:
        """A new one, which ends if it is not opened soon.

        Raises:
            Refused: there are too many, or the client's identity has been revoked.
        """
        settings = self._keeper.settings
        if self._unopened >= settings.reservations:
            message = "Too many connections are reserved and not opened."
            raise Refused.because(message, TOO_MANY_RESERVATIONS, HTTPStatus.SERVICE_UNAVAILABLE)
        with ExitStack() as held:
            held.enter_context(self._keeper.census.counted(context.identity, host, context.policy))
            reservation = Reservation(self._engine, self._keeper, context)
            reservation.held.push(held.pop_all())
        self._known[reservation.token] = reservation
        self._unopened += 1
        timer = asyncio.get_running_loop().call_later(settings.reservation_seconds, self._expire, reservation)
        reservation.held.callback(timer.cancel)
        return reservation

    def get(self, token: str) -> Reservation | None:
        """The one with a token, unless its time is over."""
        found = self._known.get(token)
        return None if found is None or found.ended else found

    def open(self, reservation: Reservation) -> None:
        """Its client is there."""
        reservation.opened = True
        self._unopened -= 1

    async def release(self, reservation: Reservation) -> None:
        """End one."""
        if self._known.pop(reservation.token, None) is None:
            return
        if not reservation.opened:
            self._unopened -= 1
        await reservation.aclose()

    def _expire(self, reservation: Reservation) -> None:
        if not reservation.opened:
            task = asyncio.ensure_future(self.release(reservation))
            self._closing.add(task)  # the event loop itself keeps no task from being collected
            task.add_done_callback(self._closing.discard)


def token_in(headers: Mapping[str, str], query: Mapping[str, str]) -> str:
    """The token that a request brings, in a header or, as browsers' event sources have none, in its query string."""
    return headers.get("x-graphql-event-stream-token") or query.get("token", "")
