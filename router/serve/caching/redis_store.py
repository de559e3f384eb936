"""Entries on Redis, which several routers share.

Every look is one `MGET`: the tenant's clock, what was invalidated of its subgraphs, and the entries. The clock stands
still between invalidations, which set it to Redis's own time; so what was asked for before one is known by its moment.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from time import monotonic
from typing import Any, Final, TypeVar, cast

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import OutOfMemoryError, RedisError

from router.serve.caching.config import Caching
from router.serve.caching.counts import StoreState
from router.serve.caching.scripts import INVALIDATE_TAGS, INVALIDATE_TYPES, KEEP
from router.serve.caching.store import MOST_TYPES, Entry, Found, StoreUnavailable

T = TypeVar("T")

logger = logging.getLogger(__name__)

_LAYOUT: Final = 2
"""Part of all names: another one whenever the entries change, or what names are made of."""

_SEAL_BYTES: Final = 16
"""Of a digest before each entry, of its name and the rest: what was cut off, moved, or written by somebody else by
mistake is no entry. It is no secret, and keeps nobody out."""

_UNDER_WAY_SECONDS: Final = 300
"""How long the invalidation of a tag is remembered: nothing is kept that took longer to come."""

_MOST_PENDING: Final = 1_000
"""Answers that wait to be kept. More are not, so that a slow Redis does not fill this process."""

_CALLS: Final = 50
"""Most connections."""

_FAILING: Final = (RedisError, OSError, TimeoutError)

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Entry)
_MARKS: Final = msgspec.json.Decoder(dict[str, str])


class RedisStore:
    """Keeps what Redis has room for.

    Attributes:
        failures: how often Redis has failed so far.
        damaged: entries so far that were none.
    """

    def __init__(self, url: str, config: Caching) -> None:
        self.failures = 0
        self.damaged = 0
        self._prefix = f"{config.redis_prefix}:{_LAYOUT}"
        self._seconds = config.redis_seconds
        self._retry_seconds = config.redis_retry_seconds
        self._longest = int((config.max_seconds + _UNDER_WAY_SECONDS) * 1_000)
        make: Callable[..., Redis] = Redis.from_url  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]  # redis-py leaves it untyped
        self._redis = make(
            url,
            socket_connect_timeout=config.redis_seconds,
            socket_timeout=config.redis_seconds,
            max_connections=_CALLS + 1,
            retry=Retry(NoBackoff(), 1),  # for a connection that has ended meanwhile
        )
        self._keep: Any = self._redis.register_script(KEEP)
        self._by_tags: Any = self._redis.register_script(INVALIDATE_TAGS)
        self._by_types: Any = self._redis.register_script(INVALIDATE_TYPES)
        self._calls = asyncio.Semaphore(_CALLS)
        self._again = 0.0
        self._is_down = False
        self._pending: set[asyncio.Task[None]] = set()

    async def look(self, tenant: str, subgraphs: Sequence[str], keys: Sequence[bytes]) -> Found | None:
        names = [self._name("clock", tenant), *(self._name("types", tenant, each) for each in subgraphs)]
        asked = [*names, *(self._entry(key) for key in keys)]
        try:
            values = await self._call(lambda: cast("Awaitable[list[bytes | None]]", self._redis.mget(asked)))
        except StoreUnavailable:
            return None
        marks = zip(subgraphs, values[1 : len(names)], strict=True)
        try:
            moment = int(values[0] or 0)
            moments = {subgraph: _moments(each) for subgraph, each in marks if each is not None}
        except (ValueError, msgspec.DecodeError):
            return None  # without the clock and the marks nobody knows what is still true
        sealed = values[len(names) :]
        entries = [_opened(key, each) for key, each in zip(keys, sealed, strict=True)]
        damaged = [
            key for key, each, raw in zip(keys, entries, sealed, strict=True) if each is None and raw is not None
        ]
        if damaged:
            self.damaged += len(damaged)
            self._later(self._drop(damaged))
        return Found(moment, entries, moments)

    async def keep(self, tenant: str, entries: Sequence[tuple[bytes, Entry]]) -> None:
        """Keep entries as soon as Redis takes them: nobody waits for that."""
        self._later(self._keep_all(tenant, entries))

    async def settled(self) -> None:
        """Wait until Redis has what is to be kept so far."""
        while self._pending:
            await asyncio.wait(self._pending)

    @property
    def state(self) -> StoreState:
        return StoreState(failures=self.failures, damaged=self.damaged, is_down=self._is_down)

    async def invalidate_tags(self, tenant: str, tags: Sequence[str]) -> int:
        arguments = [
            self._longest,
            _UNDER_WAY_SECONDS * 1_000,
            self._name("tag", tenant),
            self._name("gone", tenant),
            *tags,
        ]
        return int(await self._call(lambda: self._by_tags([self._name("clock", tenant)], arguments), again=True))

    async def invalidate_types(self, tenant: str, subgraph: str, types: Sequence[str]) -> None:
        names = [self._name("clock", tenant), self._name("types", tenant, subgraph)]
        await self._call(lambda: self._by_types(names, [self._longest, MOST_TYPES, *types]), again=True)

    async def aclose(self) -> None:
        """Wait for what is to be kept, and close the connections."""
        await self.settled()
        await self._redis.aclose()

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for, unless there is too much of that already, or nobody to do it."""
        if len(self._pending) >= _MOST_PENDING or monotonic() < self._again:
            work.close()
            return
        task = asyncio.create_task(work)
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

    async def _keep_all(self, tenant: str, entries: Sequence[tuple[bytes, Entry]]) -> None:
        arguments: list[Any] = [self._name("tag", tenant), self._name("gone", tenant)]
        for key, entry in entries:
            lasting = int(entry.seconds * 1_000)
            arguments += [_sealed(key, entry), max(lasting, 1), entry.moment, len(entry.tags), *entry.tags]
        with suppress(StoreUnavailable):  # it is as if they had been thrown away
            await self._call(lambda: self._keep([self._entry(key) for key, _ in entries], arguments))

    async def _drop(self, keys: Sequence[bytes]) -> None:
        with suppress(StoreUnavailable):  # they end by themselves
            await self._call(lambda: self._redis.unlink(*map(self._entry, keys)))

    async def _call(self, call: Callable[[], Awaitable[T]], *, again: bool = False) -> T:
        """What Redis says; `again`, it is asked even if it failed just now.

        Raises:
            StoreUnavailable: nothing in time.
        """
        now = monotonic()
        if now < self._again and not again:
            raise StoreUnavailable
        if self._is_down:
            self._again = now + self._retry_seconds  # one of all that come finds out whether it is back
        try:
            async with asyncio.timeout(self._seconds), self._calls:
                answer = await call()
        except OutOfMemoryError as error:  # what is there can still be read
            self.failures += 1
            raise StoreUnavailable("Redis has no room for more.") from error
        except _FAILING as error:
            self._failed(error)
            raise StoreUnavailable("What is kept on Redis cannot be reached.") from error
        if self._is_down:
            self._is_down = False
            self._again = 0.0
        return answer

    def _failed(self, error: BaseException) -> None:
        self.failures += 1
        self._again = monotonic() + self._retry_seconds
        if self._is_down:
            return  # which the log says already
        self._is_down = True
        logger.warning("Redis keeps no answers (%s); subgraphs are asked for everything now.", type(error).__name__)

    def _name(self, kind: str, tenant: str, last: str = "") -> str:
        """Of a set or a mark. The tenant's length tells where it ends, whatever it is made of."""
        return f"{self._prefix}:{kind}:{len(tenant)}:{tenant}:{last}"

    def _entry(self, key: bytes) -> str:
        return f"{self._prefix}:entry:{key.hex()}"


def _sealed(key: bytes, entry: Entry) -> bytes:
    text = _ENCODER.encode(entry)
    return _seal(key, text) + text


def _opened(key: bytes, sealed: bytes | None) -> Entry | None:
    """The entry; None for what is none, and was not kept under this key."""
    if sealed is None or sealed[:_SEAL_BYTES] != _seal(key, sealed[_SEAL_BYTES:]):
        return None
    try:
        return _DECODER.decode(sealed[_SEAL_BYTES:])
    except (ValueError, msgspec.DecodeError):
        return None


def _seal(key: bytes, text: bytes) -> bytes:
    return blake2b(text, digest_size=_SEAL_BYTES, key=key).digest()


def _moments(text: bytes) -> Mapping[str, int]:
    return {name: int(moment) for name, moment in _MARKS.decode(text).items()}
