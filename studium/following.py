"""What a router learns from a subgraph's stream of events while it runs, so that no request has to ask for it.

While Redis is away a router goes on with what it knows; what it has missed it reads afterwards.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeAlias

import structlog
from pydantic import SecretStr
from redis.asyncio import Redis

from shared.events.connection import connect
from shared.events.event import Recorded
from shared.events.repeat import forever
from shared.events.streams import EntryId, since, stream_of

Note: TypeAlias = Callable[[Recorded], Awaitable[None]]
"""Takes notice of one event; is told again if it raises."""

_READ_AT_ONCE: Final = 1_000
_BLOCK_MS: Final = 2_000
_log = structlog.get_logger("studium.following")


class Following:
    """Tells of the events of one subgraph."""

    def __init__(
        self,
        subgraph: str,
        notes: Mapping[str, Note],
        *,
        back_seconds: float,
        clock: Callable[[], float] = time.time,
        first_read_seconds: float = 5.0,
    ) -> None:
        """Follow nothing yet.

        Args:
            subgraph: whose stream it is.
            notes: by the topics that they are told of.
            back_seconds: how old the events are that a start begins with.
            clock: seconds since the epoch.
            first_read_seconds: how long a start waits for what is on the stream already.
        """
        self._stream = stream_of(subgraph)
        self._notes = notes
        self._back_seconds = back_seconds
        self._clock = clock
        self._first_read_seconds = first_read_seconds
        self._last: EntryId | None = None
        self.known = asyncio.Event()
        """Set once everything that was on the stream has been read."""

    @asynccontextmanager
    async def on(self, url: SecretStr) -> AsyncGenerator[None]:
        """Follow on a Redis server; begins when all that stands there is known, or does not come."""
        redis = connect(url.get_secret_value())

        async def follow() -> None:
            await self._follow(redis)

        task = asyncio.create_task(forever(follow, _log))
        try:
            try:
                async with asyncio.timeout(self._first_read_seconds):
                    await self.known.wait()
            except TimeoutError:
                _log.warning("events are not known yet", stream=self._stream)
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await redis.aclose()

    async def _follow(self, redis: Redis) -> None:
        """Read what is new; the first time, what is not too old."""
        after = self._last or b"%d-0" % max(0, int((self._clock() - self._back_seconds) * 1000))
        block = _BLOCK_MS if self.known.is_set() else 1
        entries = await since(redis, self._stream, after, count=_READ_AT_ONCE, block=block)
        self._last = after
        for entry in entries:
            note = None if entry.event is None else self._notes.get(entry.event.topic)
            if entry.event is not None and note is not None:
                await note(entry.event)
            self._last = entry.id
        if len(entries) < _READ_AT_ONCE:
            self.known.set()
