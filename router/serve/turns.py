"""Work that keeps the processor busy, apart from the event loop and one at a time; tenants take turns."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

from router.execute.transport.traffic.fair_queue import Crowded, FairQueue
from router.execute.transport.traffic.settings import Concurrency
from router.serve.errors import Refused
from router.serve.pace import Pace

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

ONE_BY_ONE: Final = Concurrency(requests=1)

SWITCH_SECONDS: Final = 0.0005
"""After which a thread that works lets others go on; Python's own is ten times as long, which the event loop would wait
again and again for a single request."""


def let_others_go_on() -> None:
    """Have threads of this process give the event loop its turn soon."""
    sys.setswitchinterval(SWITCH_SECONDS)


class Run(Protocol):
    """Runs work in a thread; who does not wait for it any more leaves it running."""

    async def __call__(self, work: Callable[[*Ts], T], /, *arguments: *Ts) -> T: ...


class Turns:
    """One after the other, as several threads would take as long, and the event loop even longer.

    However much one tenant wants, another one waits for one turn of it at most.
    """

    def __init__(
        self, seconds: float, code: str, message: str, pace: Pace | None = None, *, ahead: bool = False
    ) -> None:
        """Begin with nobody's.

        Args:
            seconds: that a turn is waited for.
            code: of the error that who waits longer gets.
            message: of the same.
            pace: of each tenant's, if it is kept for other turns too.
            ahead: of those others of the same tenant, which only begin what these go on with.
        """
        self._pace = pace or Pace()
        self._ahead = ahead
        self._seconds = seconds
        self._code = code
        self._message = message
        self._queue = FairQueue(ONE_BY_ONE)

    @asynccontextmanager
    async def turn(self, tenant: str | None = None) -> AsyncGenerator[Run]:
        """Wait for one's turn, which ends with the block or, if that takes longer, with the work begun in it.

        Raises:
            Refused: it has not come in time, or too many wait, most of them from this tenant.
        """
        await self._wait(tenant)
        since = asyncio.get_running_loop().time()
        begun: list[asyncio.Future[Any]] = []

        async def run(work: Callable[[*Ts], T], /, *arguments: *Ts) -> T:
            future = asyncio.get_running_loop().run_in_executor(None, work, *arguments)
            begun.append(future)
            return await asyncio.shield(future)

        try:
            yield run
        finally:
            if begun and not begun[-1].done():
                begun[-1].add_done_callback(partial(self._end, tenant, since))
            else:
                self._leave(tenant, since)

    def _leave(self, tenant: str | None, since: float) -> None:
        self._queue.leave(tenant)
        self._pace.leave(tenant, asyncio.get_running_loop().time() - since)

    def _end(self, tenant: str | None, since: float, work: "asyncio.Future[Any]") -> None:
        """End the turn of work that nobody waits for any more; how it went is nobody's business, nor the log's."""
        self._leave(tenant, since)
        if not work.cancelled():
            work.exception()

    async def _wait(self, tenant: str | None) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._enter(tenant)
        except (TimeoutError, Crowded) as error:
            headers = {"retry-after": str(max(1, round(self._seconds)))}
            raise Refused.because(self._message, self._code, HTTPStatus.SERVICE_UNAVAILABLE, headers) from error

    async def _enter(self, tenant: str | None) -> None:
        await self._pace.enter(tenant, ahead=self._ahead)
        try:
            await self._queue.enter(tenant)
        except BaseException:
            self._pace.leave(tenant, 0.0)
            raise
