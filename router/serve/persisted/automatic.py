"""Documents that clients registered by sending them once, under the hash of their text.

A hash names one text only, so that a store can be shared by all clients: nobody gets what he could not have sent.

Source: https://www.apollographql.com/docs/apollo-server/performance/apq
"""

import asyncio
import logging
from collections.abc import Awaitable
from hashlib import sha256
from typing import Protocol

from router.serve.cache import LruCache
from router.serve.request import RequestContext

logger = logging.getLogger(__name__)


class Automatic(Protocol):
    """Keeps documents for a while; who asks may decide where."""

    def get(self, hash_: str, context: RequestContext, /) -> Awaitable[str | None]:
        """The text with a hash; None if it is not kept, or no longer."""
        ...

    def put(self, hash_: str, text: str, context: RequestContext, /) -> Awaitable[None]:
        """Keep a valid document under its own hash."""
        ...


class LocalStore:
    """Keeps what was used last in this process."""

    def __init__(self, entries: int, characters: int) -> None:
        self._known: LruCache[str, str] = LruCache(entries, characters)

    async def get(self, hash_: str, context: RequestContext) -> str | None:
        return self._known.get(hash_)

    async def put(self, hash_: str, text: str, context: RequestContext) -> None:
        self._known.put(hash_, text, len(text))


class KeyValue(Protocol):
    """What is needed of a client of Redis; `redis.asyncio.Redis` is one."""

    def get(self, name: str, /) -> Awaitable[bytes | str | None]: ...

    def set(self, name: str, value: str, *, ex: int) -> Awaitable[object]: ...


class SharedStore:
    """Keeps documents for several processes, what was used last in this one as well.

    A store that fails or hangs costs clients a second request, never an answer. What it gives is believed only if it
    has the hash it was asked by.
    """

    def __init__(
        self, client: KeyValue, local: LocalStore, *, prefix: str = "apq:", seconds: int = 86_400, patience: float = 0.5
    ) -> None:
        """Args: a document is kept for `seconds`; the client is waited for until `patience`, in seconds, ends."""
        self._client = client
        self._local = local
        self._prefix = prefix
        self._seconds = seconds
        self._patience = patience

    async def get(self, hash_: str, context: RequestContext) -> str | None:
        known = await self._local.get(hash_, context)
        if known is None:
            known = await self._fetched(hash_)
            if known is not None:
                await self._local.put(hash_, known, context)
        return known

    async def put(self, hash_: str, text: str, context: RequestContext) -> None:
        if await self._local.get(hash_, context) is not None:
            return
        await self._local.put(hash_, text, context)
        try:
            async with asyncio.timeout(self._patience):
                await self._client.set(self._prefix + hash_, text, ex=self._seconds)
        except Exception:
            logger.warning("A document could not be kept for other processes", exc_info=True)

    async def _fetched(self, hash_: str) -> str | None:
        try:
            async with asyncio.timeout(self._patience):
                found = await self._client.get(self._prefix + hash_)
            text = found.decode() if isinstance(found, bytes) else found
        except Exception:
            logger.warning("Documents of other processes could not be asked for", exc_info=True)
            return None
        return text if text is not None and hash_of(text) == hash_ else None


def hash_of(text: str) -> str:
    """The name of a document, in hexadecimal digits.

    Raises:
        UnicodeEncodeError: the text has half a surrogate pair, as JSON allows.
    """
    return sha256(text.encode()).hexdigest()
