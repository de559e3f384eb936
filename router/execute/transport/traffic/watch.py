"""Finding out that a replica hangs, and when one that is left alone lives again."""

import asyncio
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from random import uniform
from typing import Any

from router.execute.transport.base import SubgraphFailure, SubgraphRequest
from router.execute.transport.connection import Reply
from router.execute.transport.http import HttpTransport, content_of
from router.execute.transport.traffic.breaker import Breaker, State
from router.execute.transport.traffic.settings import Breaking, Probing

LOOKS = 4
"""How often it looks during the time after which silence is strange."""


class Watch:
    """Of one replica; it probes over a connection of its own, which waits for nobody's requests.

    Belongs to the event loop in which it is first used.

    Attributes:
        last_sign: the event loop's time of the last answer.
    """

    def __init__(
        self,
        prober: HttpTransport,
        breaker: Breaker,
        breaking: Breaking,
        probing: Probing,
        outstanding: Callable[[], int],
    ) -> None:
        """Args: `prober` sends nothing but probes; `outstanding` tells how many wait for answers."""
        self.last_sign = 0.0
        self._outstanding = outstanding
        self._busy_since = 0.0
        self._breaker = breaker
        self._breaking = breaking
        self._probing = probing
        self._transport = prober
        self._request = SubgraphRequest("", probing.query, idempotent=True)
        self._content = content_of(self._request)
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def see(self, now: float, outstanding: int) -> None:
        """A request goes out, so that so many wait."""
        if outstanding == 1:
            self._busy_since = now
        if self._timer is None:
            self._set_timer()
            if self._probing.every_seconds is not None:
                self._start("attend", self._attend(self._probing.every_seconds))

    def recover(self) -> None:
        """The breaker has opened: probe until the replica answers."""
        self._start("recover", self._recover())

    async def aclose(self) -> None:
        """Stop watching."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        tasks = tuple(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._breaker.close(_now())  # whoever goes on to use it begins anew
        await self._transport.aclose()

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._breaking.stall_seconds / LOOKS, self._look)

    def _look(self) -> None:
        """Be suspicious of a silence while requests wait."""
        self._timer = None
        outstanding = self._outstanding()
        if not outstanding:
            return
        self._set_timer()
        silent_since = max(self.last_sign, self._busy_since)
        silence = _now() - silent_since
        if silence >= self._breaking.stall_seconds and outstanding >= self._breaking.stall_requests:
            self._start("doubt", self._doubt())

    def _start(self, purpose: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin something, unless it is being done already."""
        if purpose in self._tasks:
            work.close()
            return
        task = self._tasks[purpose] = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._end(purpose))

    def _end(self, purpose: str) -> None:
        """Something is done; the breaker may have opened again in the meantime."""
        if self._tasks.pop(purpose, None) is not None and self._breaker.state is State.OPEN:
            self.recover()

    async def _doubt(self) -> None:
        """Open the breaker, unless there is a sign of life."""
        before = self.last_sign
        if self._breaker.state is State.OPEN or await self._lives():
            return
        if self.last_sign == before:
            self._breaker.open(_now())

    async def _recover(self) -> None:
        while self._breaker.state is State.OPEN:
            await asyncio.sleep(self._breaker.pause * uniform(0.5, 1))  # so that routers do not probe in step
            if await self._lives():
                self._breaker.try_again(_now())
            else:
                self._breaker.wait_longer()

    async def _attend(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self._doubt()

    async def _lives(self) -> bool:
        asking = asyncio.ensure_future(self._transport.exchange(self._request, self._content))
        try:
            reply = await self._in_time(asking)
        except (SubgraphFailure, TimeoutError):
            return False
        finally:
            asking.cancel()
        self.last_sign = _now()
        return reply.status < HTTPStatus.INTERNAL_SERVER_ERROR

    async def _in_time(self, asking: asyncio.Future[Reply]) -> Reply:
        """Wait for a probe's answer in several short looks.

        Where this event loop has been held, only one of them is long, and what has come meanwhile is still seen.

        Raises:
            TimeoutError: there is none.
        """
        for _ in range(LOOKS):
            await asyncio.wait((asking,), timeout=self._probing.timeout_seconds / LOOKS)
            if asking.done():
                return asking.result()
        raise TimeoutError


def _now() -> float:
    return asyncio.get_running_loop().time()
