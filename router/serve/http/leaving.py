"""Clients that leave before their answer is there."""

import asyncio
from types import TracebackType

from starlette.types import Receive

from router.serve.ticks import TICKS

PATIENCE_SECONDS = 0.1
"""How long work may take before anybody looks whether the client is still there: most is done sooner."""


class Left(Exception):
    """The client has gone, and the work for it was cancelled."""


class UntilLeft:
    """Cancels what is done within the block when the client's connection ends.

    Raises:
        Left: that has happened.
    """

    def __init__(self, receive: Receive) -> None:
        """Args: `receive` must have given the whole request, or what it still gives of it is lost."""
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        self._task = task
        self._timer = TICKS.after(PATIENCE_SECONDS, self._begin)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        TICKS.off(self._timer)
        del self._timer  # which knows this block: nothing is left for the garbage collector
        if self._watcher is not None:
            self._watcher.cancel()
        if self._left and kind is asyncio.CancelledError:
            self._task.uncancel()
            raise Left from error

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._task.cancel()
