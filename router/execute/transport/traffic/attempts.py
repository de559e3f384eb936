"""What is done for one answer of a subgraph: wait for a place, choose a replica, send, and if need be again."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from math import inf

from router.execute.transport.alarms import Alarms
from router.execute.transport.base import SubgraphFailure, SubgraphOverloaded, SubgraphUnavailable, SubgraphUnreachable
from router.execute.transport.connection import Reply
from router.execute.transport.traffic.budget import Budget
from router.execute.transport.traffic.counts import Counts
from router.execute.transport.traffic.fair_queue import Crowded, Dismissed, FairQueue
from router.execute.transport.traffic.hedge import Hedge
from router.execute.transport.traffic.latency import Latency
from router.execute.transport.traffic.passing import Passing
from router.execute.transport.traffic.replica import FAILING, Call
from router.execute.transport.traffic.replicas import Replicas
from router.execute.transport.traffic.retry import Retrying
from router.execute.transport.traffic.settings import Traffic


class Attempts:
    """Of the requests to one subgraph. What is not configured is not on the way at all."""

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
        self._send: Callable[[Call], Awaitable[Reply]] = self._at_once if self._queue is None else self._in_turn
        self._attempt: Callable[[Call], Awaitable[Reply]] = self._send if self._hedging is None else self._hedged
        for each in replicas.all:
            each.latency = self._latency

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""
        return 0 if self._queue is None else self._queue.waiting

    def let_go(self) -> None:
        """A breaker has opened: if it was the last one, there is nothing to wait for."""
        if self._queue is not None and not any(each.admits() for each in self._replicas.all):
            self._queue.dismiss()

    async def answer(self, call: Call) -> Reply:
        """The subgraph's answer.

        Raises:
            SubgraphFailure: there was none.
        """
        self._budget.request(call.begun)
        if self._retrying is None or not call.request.idempotent:
            return await self._attempt(call)
        try:
            first = await self._attempt(call)
            if first.status not in FAILING:
                return first
        except SubgraphUnreachable as failure:
            first = failure
        return await self._retrying.answer(partial(self._attempt, call), first, call.deadline)

    def _at_once(self, call: Call) -> Awaitable[Reply]:
        return self._replicas.choose(call).exchange(call, self._passing)

    async def _in_turn(self, call: Call) -> Reply:
        """Send it when there is a place for it; nobody waits where nothing would be sent."""
        assert self._queue is not None  # noqa: S101  # it is not on the way otherwise
        replica = self._replicas.choose(call)
        tenant = call.request.terms.tenant
        waits = not self._queue.enter_at_once(tenant)
        if waits:
            await self._wait(call, self._queue)
        try:
            if waits:  # for long enough to look again
                replica = self._replicas.choose(call)
            return await replica.exchange(call, self._passing)
        finally:
            self._queue.leave(tenant)

    async def _wait(self, call: Call, queue: FairQueue) -> None:
        call.waits = True
        try:
            await queue.enter(call.request.terms.tenant)
        except Crowded as error:
            raise SubgraphOverloaded(f"Subgraph {call.request.subgraph} has too much to do at the moment.") from error
        except Dismissed as error:
            raise SubgraphUnavailable(f"Subgraph {call.request.subgraph} is not available at the moment.") from error
        call.waits = False

    async def _hedged(self, call: Call) -> Reply:
        """The first good answer, or else what became of the second attempt, or of the only one."""
        after = self._hedge_after() if call.request.idempotent else inf
        if after == inf:
            return await self._send(call)
        hedge = Hedge(self._alarms, asyncio.get_running_loop().time() + after, self._second, call)
        try:
            try:
                with hedge:
                    reply = await self._send(call)
                if hedge.task is None or reply.status not in FAILING:
                    return reply
            except TimeoutError:
                self._counts.hedges_won += 1
            except SubgraphFailure:
                if hedge.task is None:
                    raise
            assert hedge.task is not None  # noqa: S101  # nothing else ends the block early
            return await hedge.task
        finally:
            if hedge.task is not None:
                hedge.task.cancel()

    def _hedge_after(self) -> float:
        """Seconds after which an answer is long in coming; infinite where nothing is known."""
        assert self._hedging is not None  # noqa: S101  # it is not on the way otherwise
        assert self._latency is not None  # noqa: S101  # made with it
        if self._hedging.after_seconds is not None:
            return self._hedging.after_seconds
        return max(self._latency.value, self._hedging.least_seconds)

    def _second(self, call: Call) -> asyncio.Task[Reply] | None:
        """A second attempt, where a replica, the budget and the places allow it."""
        if call.waits:
            return None
        try:
            replica = self._replicas.choose(call)
        except SubgraphUnavailable:
            return None
        if not self._budget.spend(asyncio.get_running_loop().time()):
            return None
        queue, tenant = self._queue, call.request.terms.tenant
        if queue is not None and not queue.enter_at_once(tenant):
            return None
        self._counts.hedges += 1
        task = asyncio.create_task(replica.exchange(call, self._passing))
        if queue is not None:
            task.add_done_callback(lambda _: queue.leave(tenant))  # even if it is cancelled before it has begun
        return task
