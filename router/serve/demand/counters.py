"""How much of each rate has been used, counted together by several routers or by each alone."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from time import monotonic
from typing import Any, Final, Protocol

from limits.aio.storage import RedisStorage

from router.serve.demand.config import Demand

logger = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 60
"""How much longer than its window a count is kept in Redis: clocks of routers differ."""


class Counters(Protocol):
    """Counts of windows: each is of a rate, from a moment that is a multiple of its length, and of a key."""

    async def add(self, rate: str, window: int, key: str, amount: int, seconds: int) -> int:
        """Add to a count that lasts `seconds`, and give what it comes to."""
        ...

    async def aclose(self) -> None: ...


class LocalCounters:
    """Counts of this process. A window that is over is forgotten with the first count of the next."""

    def __init__(self) -> None:
        self._windows: dict[str, tuple[int, dict[str, int]]] = {}

    async def add(self, rate: str, window: int, key: str, amount: int, seconds: int) -> int:
        known = self._windows.get(rate)
        if known is None or known[0] < window:
            known = self._windows[rate] = (window, defaultdict(int))
        if known[0] > window:
            return 0  # something of a window that is over
        known[1][key] += amount
        return known[1][key]

    async def aclose(self) -> None:
        """Nothing is to be closed."""


class SharedCounters:
    """Counts in Redis; while it does not answer, those of this process, so that clients are served all the same.

    Attributes:
        failures: how often Redis has failed so far.
    """

    def __init__(self, url: str, demand: Demand) -> None:
        self.failures = 0
        self._local = LocalCounters()
        options: Mapping[str, Any] = {"socket_connect_timeout": demand.redis_seconds}
        self._storage = RedisStorage(url, implementation="redispy", key_prefix=demand.redis_prefix, **options)
        self._failing: tuple[type[BaseException], ...] = (OSError, TimeoutError, *_classes(self._storage))
        self._seconds = demand.redis_seconds
        self._retry_seconds = demand.redis_retry_seconds
        self._again = 0.0

    async def add(self, rate: str, window: int, key: str, amount: int, seconds: int) -> int:
        if monotonic() >= self._again:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._storage.incr(f"{rate}:{window}:{key}", seconds + _GRACE_SECONDS, amount)
            except self._failing as error:
                self._failed(error)
        return await self._local.add(rate, window, key, amount, seconds)

    def _failed(self, error: BaseException) -> None:
        self.failures += 1
        self._again = monotonic() + self._retry_seconds
        logger.warning("Redis does not count rates (%s); this process counts alone for now.", type(error).__name__)

    async def aclose(self) -> None:
        """Close the connections."""
        bridge: Any = self._storage.bridge
        await bridge.get_connection().aclose()


def _classes(storage: RedisStorage) -> tuple[type[BaseException], ...]:
    known: Any = storage.base_exceptions
    return tuple[type[BaseException], ...](known) if isinstance(known, tuple) else (known,)  # pyright: ignore[reportUnknownArgumentType]  # classes of redis-py
