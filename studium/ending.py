"""Work that ends when it is told to, whatever it waits for."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final

import structlog

_AGAIN_SECONDS: Final = 1.0
_log = structlog.get_logger("studium.ending")


async def first(work: Coroutine[Any, Any, None], stopped: Coroutine[Any, Any, object]) -> bool:
    """Run `work` unless told to stop first, and tell whether it was done.

    Raises: what `work` raises before it is told to stop.
    """
    working, stopping = asyncio.create_task(work), asyncio.create_task(stopped)
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
            return True
        return False
    finally:
        stopping.cancel()
        await cancelled(working)
        if not working.cancelled():
            working.exception()  # which nobody minds any more


async def cancelled(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it is done; what it raises stays in it.

    Once is not enough: in Python 3.11 `asyncio.wait_for` loses a cancellation that meets the end of what it waits for.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)


async def all_cancelled(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and all others but this one until it is done, however deep within it a cancellation was lost."""
    while not task.done():
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_SECONDS)


def end_within(seconds: float, loop: asyncio.AbstractEventLoop) -> None:
    """End this process then in any case, saying what it still did; for one whose work may be cut off at any moment."""

    def end() -> None:
        _log.error("cut off", tasks=[repr(task) for task in asyncio.all_tasks(loop)])
        os._exit(0)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
