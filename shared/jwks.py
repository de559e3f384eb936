"""Where verification keys come from: this process, or the auth subgraph's published key set."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

import aiohttp
from joserfc.jwk import KeySet

from shared.errors import Unavailable

_KEEP_SECONDS: Final = 600.0
_REFETCH_SECONDS: Final = 10.0
_FIRST_SECONDS: Final = 0.5
"""Between tries while there is no key at all: nobody can be let in meanwhile."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)


class KeySource(Protocol):
    """Keys that tokens may be signed with."""

    async def keys(self, kid: str) -> KeySet:
        """The current key set, refreshed if that might help to find `kid`."""
        ...


class LocalKeys:
    """The keys of an issuer in this process."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def keys(self, kid: str) -> KeySet:
        return self._keys


class PublishedKeys:
    """The key set behind a URL, fetched when first needed and kept for ten minutes.

    An unknown `kid` may be a key just rotated in, so it causes a fetch; at most one in ten seconds, however many
    unknown ones are thrown at us. Whoever comes with one while a fetch is under way waits for it. If a fetch fails, the
    keys at hand stay in use.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = self._tried_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def keys(self, kid: str) -> KeySet:
        """The key set.

        Raises:
            Unavailable: there are no keys at hand and none can be fetched.
        """
        if self._wants_fetch(kid) or (self._fetching.locked() and not self._knows(kid)):
            async with self._fetching:
                if self._wants_fetch(kid):
                    await self._fetch()
        if self._keys is None:
            raise Unavailable("The signing keys cannot be fetched now; try again")
        return self._keys

    def _wants_fetch(self, kid: str) -> bool:
        now = self._clock()
        if now - self._tried_at < (_FIRST_SECONDS if self._keys is None else _REFETCH_SECONDS):
            return False
        return now - self._fetched_at >= _KEEP_SECONDS or not self._knows(kid)

    def _knows(self, kid: str) -> bool:
        return self._keys is not None and any(key.kid == kid for key in self._keys.keys)

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            async with aiohttp.ClientSession(timeout=_TIMEOUT) as http, http.get(self._url) as answer:
                answer.raise_for_status()
                self._keys = KeySet.import_key_set(await answer.json())
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return
        self._fetched_at = self._clock()
