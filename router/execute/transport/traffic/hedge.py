"""Asking twice: when the first answer is long in coming, a second one is asked for, and the first that comes counts."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from router.execute.transport.alarms import Alarms, Bound
from router.execute.transport.connection import Reply
from router.execute.transport.traffic.replica import FAILING, Call

Second: TypeAlias = Callable[[Call], asyncio.Task[Reply] | None]
"""Begins a second attempt, or none where there is no room for it."""


class Hedge(Bound):
    """A block in which the first answer is waited for; it ends early, with a TimeoutError, if the second comes first.

    The first attempt runs in the caller's task: what is quick needs no other.

    Attributes:
        task: the second attempt, if there is one.
    """

    __slots__ = ("_call", "_second", "task")

    def __init__(self, alarms: Alarms, when: float, second: Second, call: Call) -> None:
        """Args: `when` the first answer has been long in coming, in the event loop's time."""
        super().__init__(alarms, when)
        self._second = second
        self._call = call
        self.task: asyncio.Task[Reply] | None = None

    def ring(self) -> None:
        self.task = self._second(self._call)
        if self.task is not None:
            self.task.add_done_callback(self._look)

    def _look(self, done: asyncio.Task[Reply]) -> None:
        """End the block for a good answer; a bad one leaves it to the first attempt."""
        if not done.cancelled() and done.exception() is None and done.result().status not in FAILING:
            self.end()
