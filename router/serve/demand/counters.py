"""How much of each rate has been used, counted together by several routers or by each alone."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Generic, Protocol, TypeVar

from limits.aio.storage import RedisStorage

from router.serve.demand.config import Demand, Rate

T = TypeVar("T")

logger = logging.getLogger(__name__)

_GRACE_SECONDS: Final = 60
"""How much longer than its window a count is kept in Redis: clocks of routers differ."""


_PARTS: Final = 50
"""Into how many parts a quota is cut: a router takes one at a time from Redis, and spends it without asking again."""

_CALLS: Final = 50
"""Most connections to Redis."""


class Counters(Protocol):
    """Counts of windows: each is of a rate, from a moment that is a multiple of its length, and of a key."""

    async def add(self, rate: Rate, window: int, key: str, amount: int) -> int:
        """Add to a count, or take from it, and give what it comes to. Nothing is waited for where it is taken from."""
        ...

    async def aclose(self) -> None: ...


class Windows(Generic[T]):
    """Something for every key of a rate's window. All of it is forgotten when the next window begins."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._known: dict[tuple[str, int], tuple[int, dict[str, T]]] = {}

    def of(self, rate: Rate, window: int) -> dict[str, T] | None:
        """What there is by keys; None if the window is over."""
        key = (rate.name, rate.seconds)  # tenants may have windows of other lengths under one name
        known = self._known.get(key)
        if known is None or known[0] < window:
            known = self._known[key] = (window, defaultdict(self._make))
        return known[1] if known[0] == window else None


class LocalCounters:
    """Counts of this process."""

    def __init__(self) -> None:
        self._windows = Windows[int](int)

    async def add(self, rate: Rate, window: int, key: str, amount: int) -> int:
        counts = self._windows.of(rate, window)
        if counts is None:
            return 0
        counts[key] += amount
        return counts[key]

    async def aclose(self) -> None:
        """Nothing is to be closed."""


@dataclass(slots=True)
class Lease:
    """What this process has taken from a count in Redis.

    Attributes:
        total: the count when it was last seen.
        free: how much of it is not spent yet.
    """

    total: int = 0
    free: int = 0
    extending: asyncio.Lock = field(default_factory=asyncio.Lock)

    def spend(self, amount: int) -> int:
        """Spend as much of the amount as is free, and give how much that was."""
        spent = min(self.free, amount)
        self.free -= spent
        return spent


class SharedCounters:
    """Counts in Redis; while it does not answer, those of this process, so that clients are served all the same.

    A fiftieth of a large quota is taken ahead, so that most requests need not ask; a router may then hold as much that
    others refuse. Quotas below fifty are exact.

    Attributes:
        failures: how often Redis has failed so far.
    """

    def __init__(self, url: str, demand: Demand) -> None:
        self.failures = 0
        self._local = LocalCounters()
        self._leases = Windows[Lease](Lease)
        options: Mapping[str, Any] = {"socket_connect_timeout": demand.redis_seconds}
        url = f"redis+{url}" if url.startswith("unix:") else url
        self._storage = RedisStorage(url, implementation="redispy", key_prefix=demand.redis_prefix, **options)
        self._failing: tuple[type[BaseException], ...] = (OSError, TimeoutError, *_classes(self._storage))
        self._seconds = demand.redis_seconds
        self._retry_seconds = demand.redis_retry_seconds
        self._again = 0.0
        self._calls = asyncio.Semaphore(_CALLS)
        self._extending: set[asyncio.Task[None]] = set()

    async def add(self, rate: Rate, window: int, key: str, amount: int) -> int:
        leases = self._leases.of(rate, window)
        if leases is None:
            return 0
        lease = leases[key]
        spent = lease.spend(amount)
        if spent < amount:
            async with lease.extending:  # what somebody else has taken ahead meanwhile may do
                spent += lease.spend(amount - spent)
                try:
                    if spent < amount:
                        await self._extended(lease, rate, f"{rate.name}:{window}:{key}", amount - spent)
                except self._failing as error:
                    lease.free += spent
                    self._failed(error)
                    return await self._local.add(rate, window, key, amount)
        return lease.total - lease.free

    async def _extended(self, lease: Lease, rate: Rate, key: str, missing: int) -> None:
        """Take what is missing, and a part ahead, which is kept even if whoever waits for it is cancelled."""
        if monotonic() < self._again:
            raise TimeoutError
        task = asyncio.create_task(self._extend(lease, rate, key, missing))
        self._extending.add(task)
        task.add_done_callback(self._over)
        await asyncio.shield(task)

    def _over(self, task: "asyncio.Task[None]") -> None:
        self._extending.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits is told

    async def _extend(self, lease: Lease, rate: Rate, key: str, missing: int) -> None:
        ahead = rate.quota // _PARTS
        async with asyncio.timeout(self._seconds), self._calls:
            total = await self._storage.incr(key, rate.seconds + _GRACE_SECONDS, missing + ahead)
        lease.total = max(lease.total, total)
        lease.free += ahead

    def _failed(self, error: BaseException) -> None:
        if monotonic() < self._again:
            return
        self.failures += 1
        self._again = monotonic() + self._retry_seconds
        logger.warning("Redis does not count rates (%s); this process counts alone for now.", type(error).__name__)

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.gather(*self._extending, return_exceptions=True)
        bridge: Any = self._storage.bridge
        await bridge.get_connection().aclose()


def _classes(storage: RedisStorage) -> tuple[type[BaseException], ...]:
    known: Any = storage.base_exceptions
    return tuple[type[BaseException], ...](known) if isinstance(known, tuple) else (known,)  # pyright: ignore[reportUnknownArgumentType]  # classes of redis-py
