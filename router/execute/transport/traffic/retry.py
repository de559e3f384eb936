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

    async def answer(
        self, send: Callable[[], Awaitable[Reply]], last: Reply | SubgraphUnreachable, deadline: float
    ) -> Reply:
        """The first answer that is none of a failing server, or the last one, after a first attempt that failed.

        Args:
            send: makes an attempt.
            last: what became of the first one.
            deadline: the event loop's time; no attempt is made for which nobody would wait.

        Raises:
            SubgraphFailure: the last attempt had no answer.
        """
        for attempt in count(2):
            if not await self._may_try(attempt, last, deadline):
                break
            try:
                last = await send()
            except SubgraphUnreachable as failure:
                last = failure
            else:
                if last.status not in FAILING:
                    return last
        if isinstance(last, Reply):
            return last
        raise last

    async def _may_try(self, attempt: int, last: Reply | SubgraphUnreachable, deadline: float) -> bool:
        """Wait until it is time for an attempt; False if there is to be none."""
        now = asyncio.get_running_loop().time()
        wish = retry_after(last.retry_after) if isinstance(last, Reply) else None
        pause = self._pauses.before(attempt, wish)
        if attempt > self._attempts or now + pause >= deadline or not self._budget.spend(now):
            return False
        self._counts.retries += 1
        await asyncio.sleep(pause)
        return True
