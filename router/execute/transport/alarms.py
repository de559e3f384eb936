"""Bounds on how long something may take, all of them looked after by one timer of the event loop.

A timer for each request costs as much as a good part of the request, and is hardly ever needed.
"""

import asyncio
from collections.abc import Callable
from math import inf
from operator import attrgetter
from types import TracebackType
from typing import Protocol, Self

GRAIN_SECONDS = 0.002
"""An alarm rings at most so much too late."""


class Alarm:
    """Something to be done at a moment, unless it is called off before.

    Attributes:
        when: the event loop's time.
    """

    __slots__ = ("_ring", "when")

    def __init__(self, when: float, ring: Callable[[], None]) -> None:
        self.when = when
        self._ring = ring

    def ring(self) -> None:
        """The moment has come."""
        self._ring()


class Clock(Protocol):
    """What looks after alarms."""

    def on(self, alarm: "Alarm | Bound", /) -> None:
        """Let an alarm ring when its time has come."""
        ...

    def off(self, alarm: "Alarm | Bound", /) -> None:
        """Forget an alarm, whether or not it has rung."""
        ...


class Alarms:
    """Those of one event loop at a time: what was set in another one is forgotten."""

    def __init__(self) -> None:
        self._set: dict[Alarm | Bound, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._at = inf
        self._loop: asyncio.AbstractEventLoop | None = None

    def at(self, when: float, ring: Callable[[], None]) -> Alarm:
        """Call `ring` at that time of the event loop."""
        alarm = Alarm(when, ring)
        self.on(alarm)
        return alarm

    def on(self, alarm: "Alarm | Bound") -> None:
        """Let an alarm ring when its time has come."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self.close()
            self._loop = loop
        self._set[alarm] = None
        if alarm.when < self._at:
            self._arm(alarm.when)

    def off(self, alarm: "Alarm | Bound") -> None:
        """Forget an alarm, whether or not it has rung."""
        self._set.pop(alarm, None)

    def until(self, when: float | None) -> "Bound":
        """A block that raises TimeoutError when it has not ended by then; None bounds nothing."""
        return Bound(self, inf if when is None else when)

    def close(self) -> None:
        """Forget all alarms."""
        self._set.clear()
        self._disarm()

    def _arm(self, when: float) -> None:
        self._disarm()
        self._at = when
        self._timer = asyncio.get_running_loop().call_at(when, self._ring)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._at = inf

    def _ring(self) -> None:
        """Ring what is due, and wait for the next; most were called off in the meantime."""
        self._timer = None
        self._at = inf
        now = asyncio.get_running_loop().time()
        due = [alarm for alarm in self._set if alarm.when <= now]
        for alarm in sorted(due, key=attrgetter("when")):
            if self._set.pop(alarm, alarm) is None:  # the one before may have called it off
                alarm.ring()
        if self._set:
            self._arm(max(min(alarm.when for alarm in self._set), now + GRAIN_SECONDS))


class Bound:
    """A block of one task that ends early, with a TimeoutError, when its time has come or somebody ends it.

    As `asyncio.timeout`, it tells being ended from being cancelled by counting cancellations.

    Attributes:
        when: the event loop's time; infinite for never.
    """

    __slots__ = ("_alarms", "_before", "_ended", "_task", "when")

    def __init__(self, alarms: Clock, when: float) -> None:
        self.when = when
        self._alarms = alarms
        self._task: asyncio.Task[object] | None = None
        self._before = 0
        self._ended = False

    def __enter__(self) -> Self:
        task = self._task = asyncio.current_task()
        assert task is not None  # noqa: S101  # callbacks of the event loop do not wait
        self._before = task.cancelling()
        if self.when != inf:
            self._alarms.on(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._alarms.off(self)
        task, self._task = self._task, None
        if self._ended and task is not None and task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def ring(self) -> None:
        """The time has come."""
        self.end()

    def end(self) -> None:
        """End the block now, if it still runs."""
        if self._task is not None and not self._ended:
            self._ended = True
            self._task.cancel()
