"""What is done for one answer of a subgraph: wait for a place, choose a replica, send, and if need be again."""

import asyncio
from collections.abc import Coroutine
from functools import partial
from math import inf
from typing import Any

from router.execute.transport.alarms import Alarms
from router.execute.transport.base import SubgraphOverloaded, SubgraphRequest, SubgraphUnavailable
from router.execute.transport.connection import Reply
from router.execute.transport.traffic.budget import Budget
from router.execute.transport.traffic.counts import Counts
from router.execute.transport.traffic.fair_queue import Crowded, Dismissed, FairQueue
from router.execute.transport.traffic.hedge import hedged
from router.execute.transport.traffic.latency import Latency
from router.execute.transport.traffic.passing import Passing
from router.execute.transport.traffic.replica import FAILING, Replica
from router.execute.transport.traffic.replicas import Replicas
from router.execute.transport.traffic.retry import Retrying
from router.execute.transport.traffic.settings import Traffic


class Call:
    """One request and how far it has come.

    Attributes:
        content: see `content_of`.
        deadline: the event loop's time.
        replica: that got it last.
        waits: for a place.
    """

    __slots__ = ("content", "deadline", "replica", "request", "waits")

    def __init__(self, request: SubgraphRequest, content: bytes, deadline: float) -> None:
        self.request = request
        self.content = content
        self.deadline = deadline
        self.replica: Replica | None = None
        self.waits = False


class Attempts:
    """Of the requests to one subgraph."""

    def __init__(self, settings: Traffic, replicas: Replicas, passing: Passing, alarms: Alarms, counts: Counts) -> None:
        self._replicas = replicas
        self._passing = passing
        self._alarms = alarms
        self._counts = counts
        self._budget = Budget(settings.extra_load)
        self._queue = None if settings.concurrency is None else FairQueue(settings.concurrency)
        self._retrying = None if settings.retries is None else Retrying(settings.retries, self._budget, counts)
        self._hedging = settings.hedging
        self._latency = None if self._hedging is None else Latency(self._hedging.quantile)
        if self._queue is not None:
            for each in replicas.all:
                each.on_open = self._let_go

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return 0 if self._queue is None else self._queue.waiting

    async def answer(self, call: Call) -> Reply:
        """The subgraph's answer.

        Raises:
            SubgraphFailure: there was none.
        """
        self._budget.request(asyncio.get_running_loop().time())
        if self._retrying is None or not call.request.idempotent:
            return await self._attempt(call)
        return await self._retrying.answer(partial(self._attempt, call), call.deadline)

    async def _attempt(self, call: Call) -> Reply:
        after = self._hedge_after() if call.request.idempotent else inf
        if after == inf:
            return await self._in_turn(call)
        when = asyncio.get_running_loop().time() + after
        return await hedged(partial(self._in_turn, call), partial(self._second, call), when, self._alarms, self._counts)

    async def _in_turn(self, call: Call) -> Reply:
        """Send it when there is a place for it."""
        replica = self._replicas.choose(call.request.subgraph, call.replica)
        if self._queue is None:
            return await self._send(call, replica)
        waits = not self._queue.enter_at_once()
        if waits:
            await self._wait(call, self._queue)
        try:
            if waits:  # for long enough to look again
                replica = self._replicas.choose(call.request.subgraph, call.replica)
            return await self._send(call, replica)
        finally:
            self._queue.leave()

    async def _wait(self, call: Call, queue: FairQueue) -> None:
        call.waits = True
        try:
            await queue.enter(call.request.terms.tenant)
        except Crowded as error:
            raise SubgraphOverloaded(f"Subgraph {call.request.subgraph} has too much to do at the moment.") from error
        except Dismissed as error:
            raise SubgraphUnavailable(f"Subgraph {call.request.subgraph} is not available at the moment.") from error
        call.waits = False

    async def _send(self, call: Call, replica: Replica) -> Reply:
        call.replica = replica
        clock = asyncio.get_running_loop().time
        begun = clock()
        reply = await replica.exchange(call.request, self._passing.lines(call.deadline) + call.content)
        if self._latency is not None and reply.status not in FAILING:
            self._latency.add(clock() - begun)
        return reply

    def _hedge_after(self) -> float:
        """Seconds after which an answer is long in coming; infinite where nothing is hedged."""
        if self._hedging is None or self._latency is None:
            return inf
        if self._hedging.after_seconds is not None:
            return self._hedging.after_seconds
        return max(self._latency.value, self._hedging.least_seconds)

    def _second(self, call: Call) -> Coroutine[Any, Any, Reply] | None:
        """A second attempt, where a replica, the budget and the places allow it."""
        if call.waits:
            return None
        try:
            replica = self._replicas.choose(call.request.subgraph, call.replica)
        except SubgraphUnavailable:
            return None
        if not self._budget.spend(asyncio.get_running_loop().time()):
            return None
        if self._queue is not None and not self._queue.enter_at_once():
            return None
        self._counts.hedges += 1
        return self._send_second(call, replica)

    async def _send_second(self, call: Call, replica: Replica) -> Reply:
        try:
            return await self._send(call, replica)
        finally:
            if self._queue is not None:
                self._queue.leave()

    def _let_go(self) -> None:
        """A breaker has opened: if it was the last one, there is nothing to wait for."""
        if self._queue is not None and not any(each.admits() for each in self._replicas.all):
            self._queue.dismiss()
