"""Verification keys: read from a URL or a file, kept, and read again when a key may have been rotated in."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import aiohttp

from router.serve.access.jwks import Key, read_keys

logger = logging.getLogger(__name__)

_MAX_BYTES: Final = 1 << 20
_FIRST_SECONDS: Final = 0.5
"""Between two readings while there are no keys at all: nobody can be let in meanwhile."""

Load: TypeAlias = Callable[[], Awaitable[bytes]]
"""Reads the text of a key set; whatever it raises of `FAILURES` means that it cannot be had now."""

FAILURES: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


class KeysUnavailable(Exception):
    """There are no keys, and none can be had now."""


class KeySource(Protocol):
    """The keys of one issuer."""

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """The key of that name for that algorithm; without a name, the only one there is.

        Raises:
            KeysUnavailable: there are none at all.
        """
        ...

    def holds(self, key: Key) -> bool:
        """Whether the key is still one of them."""
        ...


class PublishedKeys:
    """A key set that its issuer changes at will.

    An unknown `kid` may be a key just rotated in, and has the set read again: once at a time, and seldom, however many
    unknown ones are thrown at us. Those who come with a known key never wait for it. If the set cannot be read, the
    keys at hand stay in use.
    """

    def __init__(
        self,
        load: Load,
        algorithms: Collection[str],
        *,
        keep_seconds: float = 600.0,
        floor_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet.

        Args:
            load: reads the set.
            algorithms: that keys are used for; others are passed over.
            keep_seconds: after which the set is read again.
            floor_seconds: between two readings, whatever asks for them.
            clock: in seconds.
        """
        self._load = load
        self._algorithms = frozenset(algorithms)
        self._keep = keep_seconds
        self._floor = floor_seconds
        self._clock = clock
        self._keys: tuple[Key, ...] | None = None
        self._identifying: frozenset[str] = frozenset()
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str) -> Key | None:
        """As `KeySource` says; it may wait for the set if the key is not there."""
        self._renew()
        found = self._pick(kid, algorithm)
        if found is None:
            self._begin()
            if self._reading is not None:
                await asyncio.shield(self._reading)
                found = self._pick(kid, algorithm)
        if self._keys is None:
            raise KeysUnavailable("The keys that verify access tokens cannot be read now.")
        return found

    def holds(self, key: Key) -> bool:
        """As `KeySource` says; it never waits."""
        self._renew()
        return key.identifying in self._identifying

    def _renew(self) -> None:
        """Begin to read the set again when it is old."""
        if self._clock() - self._read_at >= self._keep:
            self._begin()

    def _begin(self) -> None:
        now = self._clock()
        floor = self._floor if self._keys is not None else min(self._floor, _FIRST_SECONDS)
        if self._reading is None and now - self._tried_at >= floor:
            self._tried_at = now
            self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        try:
            keys = read_keys(await self._load(), self._algorithms)
        except FAILURES as error:
            logger.warning("The keys that verify access tokens cannot be read: %r", error)
        else:
            self._keys, self._identifying = keys, frozenset(each.identifying for each in keys)
            self._read_at = self._clock()
        finally:
            self._reading = None

    def _pick(self, kid: str | None, algorithm: str) -> Key | None:
        fitting = [each for each in self._keys or () if algorithm in each.algorithms]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((each for each in fitting if each.kid == kid), None)


def loader(address: str, *, timeout: float) -> Load:
    """How to read what is at a URL or, if it is none, in a file; a URL has `timeout` seconds to answer, itself."""
    if not address.startswith(("http://", "https://")):
        return lambda: asyncio.to_thread(Path(address).read_bytes)

    async def fetch() -> bytes:
        limit = aiohttp.ClientTimeout(total=timeout)
        async with aiohttp.ClientSession(timeout=limit) as http, http.get(address, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"{address} answers {answer.status}")
            text = await answer.content.read(_MAX_BYTES + 1)
            while len(text) <= _MAX_BYTES and (more := await answer.content.read(_MAX_BYTES + 1)):
                text += more
            if len(text) > _MAX_BYTES:
                raise ValueError(f"{address} answers with more than {_MAX_BYTES} bytes")
            return text

    return fetch
