"""A subgraph behind one or more URLs, asked with care: see `Traffic` for what that means."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from math import inf

from router.execute.transport.alarms import Alarms
from router.execute.transport.base import (
    SubgraphFailure,
    SubgraphOverloaded,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnavailable,
    Subscriptions,
)
from router.execute.transport.connection import Reply
from router.execute.transport.flights import Flights
from router.execute.transport.http import HttpTransport, content_of, parse_reply
from router.execute.transport.traffic.attempts import Attempts
from router.execute.transport.traffic.counts import Counts, ReplicaHealth, SubgraphHealth
from router.execute.transport.traffic.passing import Passing
from router.execute.transport.traffic.replica import Call, Replica
from router.execute.transport.traffic.replicas import Replicas
from router.execute.transport.traffic.settings import Traffic


class ManagedTransport:
    """Posts operations to the replicas of one subgraph; belongs to the event loop in which it is first used."""

    def __init__(
        self,
        urls: Sequence[str],
        traffic: Traffic | None = None,
        *,
        subscriptions: Subscriptions = Subscriptions.WEBSOCKET,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """A transport that connects when it is first used.

        Args:
            urls: of its replicas, all of them alike.
            traffic: how it is asked.
            subscriptions: how it sends events.
            tls: for https; None trusts whom the system trusts.
        """
        settings = traffic or Traffic()
        self.counts = Counts()
        self._seconds = settings.timeout_seconds
        self._alarms = Alarms()
        self._flights: Flights[Reply] | None = Flights() if settings.sharing else None
        self._passing = Passing(settings.deadline_header, tracing=settings.tracing)
        self._replicas = Replicas([_replica(url, settings, subscriptions, tls) for url in urls])
        self._attempts = Attempts(settings, self._replicas, self._passing, self._alarms, self.counts)
        for each in self._replicas.all:
            each.on_open = self._opened
            each.joined = self._joined

    @property
    def shared(self) -> int:
        """Requests that were not sent, because an identical one was under way."""
        return 0 if self._flights is None else self._flights.shared

    @property
    def health(self) -> SubgraphHealth:
        """How the subgraph does."""
        replicas = tuple(
            ReplicaHealth(each.transport.url, each.state, each.outstanding, each.streams, each.opened)
            for each in self._replicas.all
        )
        return SubgraphHealth(replicas, self._attempts.waiting, replace(self.counts))

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        self.counts.requests += 1
        request = self._passing.without(request)
        content = content_of(request)
        now = asyncio.get_running_loop().time()
        deadline = now + self._seconds
        if request.deadline is not None and request.deadline < deadline:
            deadline = request.deadline
        call = Call(request, content, now, deadline)
        try:
            with self._alarms.until(deadline):
                if self._flights is not None and request.shareable:
                    reply = await self._flights.join((content, request.moment), lambda: self._attempts.answer(call))
                else:
                    reply = await self._attempts.answer(call)
        except TimeoutError as error:
            raise self._gave_up(call) from error
        except SubgraphUnavailable:
            self.counts.unavailable += 1
            raise
        except SubgraphOverloaded:
            self.counts.overloaded += 1
            raise
        return parse_reply(request, reply)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        clock = asyncio.get_running_loop().time
        begun = clock()
        replica = self._replicas.choose(Call(request, b"", begun, inf))
        heard = False
        replica.streams += 1
        try:
            async with aclosing(replica.transport.subscribe(self._passing.onto(request))) as events:
                async for event in events:
                    if not heard:
                        heard = True
                        replica.answered(begun, clock())
                    yield event
        except SubgraphFailure:
            if not heard:
                replica.failed(begun, clock())
            raise
        finally:
            replica.streams -= 1

    async def aclose(self) -> None:
        for each in self._replicas.all:
            await each.aclose()
        self._alarms.close()

    def _opened(self) -> None:
        """A replica is left alone: whoever comes now shall not wait for what it has been asked."""
        if self._flights is not None:
            self._flights.seal()
        self._attempts.let_go()

    def _joined(self) -> int:
        return 0 if self._flights is None else self._flights.joined

    def _gave_up(self, call: Call) -> SubgraphFailure:
        if call.waits:
            self.counts.overloaded += 1
            return SubgraphOverloaded(f"Subgraph {call.request.subgraph} has too much to do at the moment.")
        self.counts.late += 1
        return SubgraphTimeout(f"Subgraph {call.request.subgraph} did not answer in time.")


def _replica(url: str, settings: Traffic, subscriptions: Subscriptions, tls: ssl.SSLContext | None) -> Replica:
    transport = HttpTransport(
        url,
        timeout=settings.timeout_seconds,
        max_response_bytes=settings.max_response_bytes,
        max_connections=settings.max_connections,
        sharing=False,  # all replicas together share
        resending=settings.retries is None,  # else it is an attempt like the others
        subscriptions=subscriptions,
        tls=tls,
    )
    return Replica(transport, settings.breaking, settings.probing, tls)
