"""Following something that has a version until it is settled, for subscriptions that may last for hours."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeVar

from shared.caller import Caller
from shared.database import Sessions, TenantSession
from shared.errors import HistoryGone, NotFound
from shared.events import Hub
from shared.events.backoff import Backoff
from shared.events.outages import is_outage

_RECHECK_SECONDS: Final = 5.0

Recheck: TypeAlias = Callable[[], Awaitable[None]]
"""Raises Unauthenticated once the caller's token counts no more."""


FollowedT = TypeVar("FollowedT")


@dataclass(frozen=True, slots=True)
class Follower:
    """Somebody who follows something."""

    sessions: Sessions
    caller: Caller
    hub: Hub
    recheck: Recheck

    async def follow(
        self,
        channel: str,
        read: Callable[[TenantSession], Awaitable[FollowedT | None]],
        *,
        version: Callable[[FollowedT], int],
        settled: Callable[[FollowedT], bool],
        after: int | None,
    ) -> AsyncGenerator[FollowedT]:
        """How it stands now or, given a version, as soon as it has a later one; then after each change, until settled.

        Changes that come close together may be told as one. Nothing falls between reading and waiting: the hub is asked
        first, so that a change made after the reading has left a wake.

        Args:
            channel: the hub's, woken after each change.
            read: reads it; None if it is not there for the caller.
            version: its version, from 1, which grows with each change.
            settled: whether nothing will change any more.
            after: the version that the caller has seen.

        Raises:
            NotFound: it is not there.
            HistoryGone: it has no such version yet.
        """
        async with self.hub.subscribe(channel) as wakes:
            found = await self._patiently(read)
            if after is not None and after > version(found):
                raise HistoryGone
            seen = after or 0
            while True:
                await self.recheck()
                if version(found) > seen:
                    seen = version(found)
                    yield found
                if settled(found):
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(_RECHECK_SECONDS):
                        await wakes.wait()
                found = await self._patiently(read)

    async def _patiently(self, read: Callable[[TenantSession], Awaitable[FollowedT | None]]) -> FollowedT:
        """Read, however long the database is away."""
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                async with self.sessions.read(self.caller) as session:
                    found = await read(session)
            except Exception as error:
                if not is_outage(error):
                    raise
                await backoff.pause()
            else:
                if found is None:
                    raise NotFound
                return found
