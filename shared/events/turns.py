"""Giving tenants their turn, so that a busy one can't keep the others waiting."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class Turns(Generic[KeyT]):
    """A queue of keys without duplicates, in which no key is served twice at the same time."""

    def __init__(self) -> None:
        self._queue: deque[KeyT] = deque()
        self._queued: set[KeyT] = set()
        self._serving: set[KeyT] = set()
        self._again: set[KeyT] = set()
        self._ready = asyncio.Semaphore(0)

    def add(self, key: KeyT) -> None:
        """Ask for a turn; a key that is being served gets another one afterwards."""
        if key in self._serving:
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._queue.append(key)
            self._ready.release()

    @contextlib.asynccontextmanager
    async def next(self) -> AsyncGenerator[KeyT]:
        """Wait for the next key and serve it for the length of the block."""
        await self._ready.acquire()
        key = self._queue.popleft()
        self._queued.discard(key)
        self._serving.add(key)
        try:
            yield key
        finally:
            self._serving.discard(key)
            if key in self._again:
                self._again.discard(key)
                self.add(key)
