"""Asking twice: when the first answer is long in coming, a second one is asked for, and the first that comes counts."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from router.execute.transport.alarms import Alarms
from router.execute.transport.base import SubgraphFailure
from router.execute.transport.connection import Reply
from router.execute.transport.traffic.counts import Counts
from router.execute.transport.traffic.replica import FAILING


async def hedged(
    first: Callable[[], Awaitable[Reply]],
    second: Callable[[], Coroutine[Any, Any, Reply] | None],
    when: float,
    alarms: Alarms,
    counts: Counts,
) -> Reply:
    """The first good answer, or else what became of the second attempt, or of the only one.

    The first attempt runs in the caller's task: what is quick needs no other. Whichever loses is cancelled.

    Args:
        first: makes the first attempt.
        second: makes the second one, or nothing where there is no room for it.
        when: the event loop's time at which the first has been long in coming.
        alarms: of whoever asks.
        counts: of hedges that won.

    Raises:
        SubgraphFailure: there was no answer.
    """
    bound = alarms.until(None)
    task: asyncio.Task[Reply] | None = None

    def begin() -> None:
        nonlocal task
        coroutine = second()
        if coroutine is not None:
            task = asyncio.create_task(coroutine)
            task.add_done_callback(look)

    def look(done: asyncio.Task[Reply]) -> None:
        if not done.cancelled() and done.exception() is None and done.result().status not in FAILING:
            bound.end()

    alarm = alarms.at(when, begin)
    try:
        try:
            with bound:
                reply = await first()
            if task is None or reply.status not in FAILING:
                return reply
        except TimeoutError:
            counts.hedges_won += 1
        except SubgraphFailure:
            if task is None:
                raise
        assert task is not None  # noqa: S101  # it alone ends the block early
        return await task
    finally:
        alarms.off(alarm)
        if task is not None:
            task.cancel()
