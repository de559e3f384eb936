"""Keeping a background task alive."""

from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from shared.events.backoff import Backoff


async def forever(step: Callable[[], Awaitable[None]], log: Any, *, longest: float = 5.0) -> NoReturn:
    """Run `step` again and again until cancelled; log a failure, and wait a little longer after each one in a row."""
    backoff = Backoff(first=0.1, longest=longest)
    while True:
        try:
            await step()
        except Exception as error:  # noqa: BLE001 - the task must outlive whatever happens to one step
            log.warning("step failed", step=step.__name__, error=repr(error))
            await backoff.pause()
        else:
            backoff.reset()
