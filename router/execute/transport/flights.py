"""Requests that are under way, so that identical ones can be one."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: "set[asyncio.Future[T]]" = field(default_factory=set["asyncio.Future[T]"])


class Flights(Generic[T]):
    """Gives everybody who asks for the same the same result, which therefore nobody may change.

    Nothing is kept: who comes when the result is there asks anew.

    Attributes:
        shared: how often somebody joined what was under way.
        joined: how many wait for what somebody else has begun.
    """

    def __init__(self) -> None:
        self.shared = 0
        self.joined = 0
        self._under_way: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The result, or the failure, of what is under way as `key`, or else of `start`.

        Whoever is cancelled leaves the others alone; when all are, so is what they waited for. Nobody joins what the
        one who began it has given up: as long as somebody always comes, it would never be tried anew.
        """
        flight = self._under_way.get(key)
        first = flight is None
        if flight is None:
            flight = self._under_way[key] = _Flight(asyncio.create_task(start()))
            flight.task.add_done_callback(lambda _: self._land(key, flight))
        else:
            self.shared += 1
            self.joined += 1
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        flight.waiting.add(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            flight.waiting.discard(waiter)
            if first or not flight.waiting:
                self._leave(key, flight)
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
            raise
        finally:
            if not first:
                self.joined -= 1

    def seal(self) -> None:
        """Let nobody join what is under way now."""
        self._under_way.clear()

    def _land(self, key: Hashable, flight: "_Flight[T]") -> None:
        """Hand the outcome to all who wait for it."""
        self._leave(key, flight)
        task = flight.task
        failure = None if task.cancelled() else task.exception()
        for waiter in flight.waiting:
            if waiter.done():
                continue
            if task.cancelled():
                waiter.cancel()
            elif failure is not None:
                waiter.set_exception(failure)
            else:
                waiter.set_result(task.result())

    def _leave(self, key: Hashable, flight: "_Flight[T]") -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
