"""Keeping a background task alive, and letting it end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, NoReturn

from shared.caller import TenantId
from shared.events.backoff import Backoff


def heed_cancellation() -> None:
    """Raise CancelledError if the current task was asked to end and something has swallowed that.

    In Python 3.11 `asyncio.wait_for`, which redis-py sends its commands with, returns as if nothing had happened when
    the cancellation arrives together with the result. A loop around such calls would never end.

    Source: https://github.com/python/cpython/issues/86296
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def rest(seconds: float) -> None:
    """Wait between two runs of a step, unless this was asked to end and what ran so far has swallowed that.

    A driver that is interrupted may raise an error of its own, which a step that goes on with the next tenant logs.
    """
    heed_cancellation()
    await asyncio.sleep(seconds)


async def for_each(
    tenants: Iterable[TenantId], work: Callable[[TenantId], Awaitable[None]], log: Any, failure: str
) -> None:
    """Do something for each tenant; one that it fails for is logged as `failure`, and does not hold up the others."""
    for tenant_id in tenants:
        try:
            await work(tenant_id)
        except Exception:
            log.exception(failure, tenant_id=str(tenant_id))


async def forever(step: Callable[[], Coroutine[Any, Any, None]], log: Any, *, longest: float = 5.0) -> NoReturn:
    """Run `step` again and again until cancelled; log a failure, and wait a little longer after each one in a row.

    Each run is a task of its own: a `TaskGroup` that fails can leave its task marked as cancelled (in Python 3.11), and
    the mark must not outlive the run.
    """
    backoff = Backoff(first=0.1, longest=longest)
    while True:
        heed_cancellation()
        try:
            await asyncio.create_task(step())
        except Exception as error:  # noqa: BLE001 - the task must outlive whatever happens to one step
            log.warning("step failed", step=step.__name__, error=repr(error))
            await backoff.pause()
        else:
            backoff.reset()
