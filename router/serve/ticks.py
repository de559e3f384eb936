"""Alarms that may ring a little late, for what thousands of connections and requests have one of each.

They are kept by the tick in which they are due, so that setting one and calling it off costs the same however many
there are. Where an alarm has to be on time, `router.execute.transport.alarms` has those.
"""

import asyncio
from collections.abc import Callable
from math import inf

from router.execute.transport.alarms import Alarm, Bound

TICK_SECONDS = 0.05
"""An alarm rings at most so much too late."""


class Ticks:
    """Those of one event loop at a time: what was set in another one is forgotten."""

    def __init__(self) -> None:
        self._due: dict[int, set[Alarm | Bound]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next = 0
        self._waits = False

    def after(self, seconds: float, ring: Callable[[], None]) -> Alarm:
        """Call `ring` when so many seconds have gone by."""
        alarm = Alarm(asyncio.get_running_loop().time() + seconds, ring)
        self.on(alarm)
        return alarm

    def within(self, seconds: float) -> Bound:
        """A block that raises TimeoutError when it takes longer; it may be infinite."""
        return Bound(self, inf if seconds == inf else asyncio.get_running_loop().time() + seconds)

    def on(self, alarm: Alarm | Bound) -> None:
        """Let an alarm ring when its time has come."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._due.clear()
            self._loop, self._waits = loop, False
        tick = _tick(alarm.when)
        alarms = self._due.get(tick)
        if alarms is None:
            alarms = self._due[tick] = set()
        alarms.add(alarm)
        if not self._waits:
            self._next = _tick(loop.time())
            self._wait(loop)

    def off(self, alarm: Alarm | Bound) -> None:
        """Forget an alarm, whether or not it has rung."""
        alarms = self._due.get(_tick(alarm.when)) if alarm.when != inf else None
        if alarms is not None:
            alarms.discard(alarm)

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._waits = bool(self._due)
        if self._waits:
            loop.call_at(self._next * TICK_SECONDS, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ring all that is due by now: the event loop may have been busy for several ticks."""
        if loop is not self._loop:
            return
        now = int(loop.time() / TICK_SECONDS)
        for tick in range(self._next, now + 1):
            alarms = self._due.get(tick)
            while alarms:  # each may call off others
                alarms.pop().ring()
            self._due.pop(tick, None)
        self._next = max(now + 1, self._next)
        self._wait(loop)


def _tick(when: float) -> int:
    """The first one at which a moment has passed."""
    return int(when / TICK_SECONDS) + 1


TICKS = Ticks()
"""Those of the process."""
