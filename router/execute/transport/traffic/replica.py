"""One place where a subgraph can be reached, and how well it has done of late."""

import asyncio
import ssl
from collections.abc import Callable
from http import HTTPStatus

from router.execute.transport.base import SubgraphFailure, SubgraphRequest
from router.execute.transport.connection import Reply
from router.execute.transport.http import Content, HttpTransport
from router.execute.transport.traffic.breaker import Breaker, State
from router.execute.transport.traffic.latency import Latency
from router.execute.transport.traffic.passing import Passing
from router.execute.transport.traffic.settings import Breaking, Probing
from router.execute.transport.traffic.watch import Watch

FAILING = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""Statuses that say nothing of the request, only that the server cannot answer any now."""


class Call:
    """One request and how far it has come.

    Attributes:
        content: see `content_of`.
        begun: the event loop's time.
        deadline: the same.
        replica: that got it last.
        waits: for a place.
    """

    __slots__ = ("begun", "content", "deadline", "replica", "request", "waits")

    def __init__(self, request: SubgraphRequest, content: Content, begun: float, deadline: float) -> None:
        self.request = request
        self.content = content
        self.begun = begun
        self.deadline = deadline
        self.replica: Replica | None = None
        self.waits = False


class Replica:
    """Sends requests to one URL and keeps account of what becomes of them.

    A 500 is no failure of the replica: whoever finds a query that crashes its resolver must not be able to take the
    whole subgraph from everybody.

    Attributes:
        outstanding: requests that wait for their answers.
        streams: subscriptions that run.
        on_open: is called when its breaker opens.
        joined: how many wait for what others have asked, here or elsewhere.
        latency: is told how long answers take.
    """

    def __init__(
        self,
        transport: HttpTransport,
        breaking: Breaking | None,
        probing: Probing,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Args: `tls` is for probes over https; None trusts whom the system trusts."""
        self.transport = transport
        self.outstanding = 0
        self.streams = 0
        self.on_open: Callable[[], None] | None = None
        self.joined: Callable[[], int] | None = None
        self.latency: Latency | None = None
        self._patience = 0.0 if breaking is None else breaking.patience_seconds
        self._breaker: Breaker | None = None
        self._watch: Watch | None = None
        if breaking is not None:
            self._breaker = Breaker(breaking)
            self._breaker.on_open = self._opened
            prober = HttpTransport(transport.url, max_connections=1, sharing=False, tls=tls)
            self._watch = Watch(prober, self._breaker, breaking, probing, self._waiting)

    @property
    def state(self) -> State:
        """Of its breaker; without one it is always closed."""
        return State.CLOSED if self._breaker is None else self._breaker.state

    @property
    def opened(self) -> int:
        """How often its breaker opened."""
        return 0 if self._breaker is None else self._breaker.opened

    def admits(self) -> bool:
        """Whether one more request may be sent."""
        return self._breaker is None or self._breaker.admits(self.outstanding)

    async def exchange(self, call: Call, passing: Passing) -> Reply:
        """Send a request and wait for its answer for as long as it takes.

        Raises:
            SubgraphFailure: there was none.
        """
        call.replica = self
        clock = asyncio.get_running_loop().time
        begun = clock()
        self.outstanding += 1
        if self._watch is not None:
            self._watch.see(begun, self.outstanding)
        try:
            reply = await self.transport.exchange(call.request, passing.lines(call.deadline - begun) + call.content)
        except SubgraphFailure:
            self.failed(begun, clock())
            raise
        except asyncio.CancelledError:
            now = clock()
            if now - begun >= self._patience:
                self.failed(begun, now)
            raise
        finally:
            self.outstanding -= 1
        if reply.status in FAILING:
            self.failed(begun, clock())
        else:
            now = clock()
            if self.latency is not None:
                self.latency.add(now - begun)
            self.answered(begun, now)
        return reply

    def answered(self, begun: float, now: float) -> None:
        """Take note of an answer to what was sent at `begun`."""
        if self._breaker is not None and self._watch is not None:
            self._watch.last_sign = now
            self._breaker.succeed(begun, now)

    def failed(self, begun: float, now: float) -> None:
        """Take note of a failure of what was sent at `begun`."""
        if self._breaker is not None:
            self._breaker.fail(begun, now)

    async def aclose(self) -> None:
        """End its connections."""
        if self._watch is not None:
            await self._watch.aclose()
        await self.transport.aclose()

    def _waiting(self) -> int:
        """How many wait for its answers: a query that all ask is sent once, and may hang all the same."""
        if self.joined is None or not self.outstanding:
            return self.outstanding
        return self.outstanding + self.joined()

    def _opened(self) -> None:
        if self._watch is not None:
            self._watch.recover()
        if self.on_open is not None:
            self.on_open()
