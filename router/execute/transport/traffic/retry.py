"""Sending queries again."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

from router.execute.transport.base import SubgraphUnreachable
from router.execute.transport.connection import Reply
from router.execute.transport.traffic.budget import Budget
from router.execute.transport.traffic.counts import Counts
from router.execute.transport.traffic.pauses import Pauses, retry_after
from router.execute.transport.traffic.replica import FAILING
from router.execute.transport.traffic.settings import Retries


class Retrying:
    """Of one subgraph, within its budget."""

    def __init__(self, settings: Retries, budget: Budget, counts: Counts) -> None:
        self._attempts = settings.attempts
        self._pauses = Pauses(settings)
        self._budget = budget
        self._counts = counts

    async def answer(self, send: Callable[[], Awaitable[Reply]], deadline: float) -> Reply:
        """The first answer that is none of a failing server, or the last one.

        Args:
            send: makes an attempt.
            deadline: the event loop's time; no attempt is made for which nobody would wait.

        Raises:
            SubgraphFailure: the last attempt had no answer.
        """
        for attempt in count(2):
            try:
                reply = await send()
            except SubgraphUnreachable:
                if not await self._again(attempt, None, deadline):
                    raise
            else:
                if reply.status not in FAILING:
                    return reply
                if not await self._again(attempt, retry_after(reply.retry_after), deadline):
                    return reply
        raise AssertionError  # pragma: no cover - the loop ends by returning

    async def _again(self, attempt: int, wish: float | None, deadline: float) -> bool:
        """Wait until it is time for an attempt; False if there is to be none."""
        now = asyncio.get_running_loop().time()
        pause = self._pauses.before(attempt, wish)
        if attempt > self._attempts or now + pause >= deadline or not self._budget.spend(now):
            return False
        self._counts.retries += 1
        await asyncio.sleep(pause)
        return True
