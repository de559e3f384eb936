"""What can be done with notifications, and when it is refused."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias, TypeVar
from uuid import UUID

from shared.caller import Caller, require_own
from shared.database import Sessions, TenantSession
from shared.errors import BadUserInput, HistoryGone, NotFound
from shared.events import Hub, Subscription
from shared.events.backoff import Backoff
from shared.events.outages import is_outage
from shared.idempotency import Attempt, once
from subgraphs.notifications.models import Notification
from subgraphs.notifications.store import NotificationStore

READER: Final = "learn"
"""What an app needs for the mailbox of the person it acts for."""
MAX_MARKED_AT_ONCE: Final = 100
ReadT = TypeVar("ReadT")
_READ_AT_ONCE: Final = 100
_RECHECK_SECONDS: Final = 5.0

Recheck: TypeAlias = Callable[[], Awaitable[None]]
"""Raises Unauthenticated once the caller's token counts no more."""


def channel_of(tenant_id: UUID, user_id: UUID) -> str:
    """Name the hub channel that is woken when the person has got a notification."""
    return f"notifications:{tenant_id}:{user_id}"


async def mark_read(session: TenantSession, ids: Sequence[UUID], attempt: Attempt) -> Sequence[Notification]:
    """Mark notifications of the caller as read; one that was read before keeps its time.

    Returns:
        In the order of `ids`.

    Raises:
        NotFound: one of them is not the caller's; nothing was marked.
    """
    if not 0 < len(ids) <= MAX_MARKED_AT_ONCE:
        raise BadUserInput(f"`ids` must be 1 to {MAX_MARKED_AT_ONCE} identifiers", field="ids")
    store = NotificationStore(session, require_own(session.caller, READER))

    async def mark() -> UUID:
        await store.mark_read(ids)
        return ids[0]

    await once(session, attempt, mark)
    found = await store.by_ids(ids)
    if any(id_ not in found for id_ in ids):
        raise NotFound
    return [found[id_] for id_ in ids]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One person's notifications, as somebody follows them who may listen for hours."""

    sessions: Sessions
    caller: Caller
    hub: Hub
    recheck: Recheck

    async def follow(self, after: int | None) -> AsyncGenerator[Notification]:
        """Every notification after number `after`, or after the newest there is; each once and in order.

        Nothing falls between reading and waiting: the hub is asked first, so that a notification stored after the
        reading has left a wake. Ends with Unauthenticated when the token counts no more.

        Raises:
            HistoryGone: there is no number `after`. To wait for it would be to pass over those before it.
        """
        user_id = require_own(self.caller, READER)
        async with self.hub.subscribe(channel_of(self.caller.tenant_id, user_id)) as wakes:
            last = await self._patiently(NotificationStore.last_number, user_id)
            if after is not None and after > last:
                raise HistoryGone
            number = last if after is None else after
            while True:
                await self.recheck()
                found = await self._patiently(
                    partial(NotificationStore.since, number=number, limit=_READ_AT_ONCE), user_id
                )
                for notification in found:
                    yield notification
                    number = notification.number
                if not found:
                    await _wait(wakes)

    async def _patiently(self, read: Callable[[NotificationStore], Awaitable[ReadT]], user_id: UUID) -> ReadT:
        """Read, however long the database is away."""
        backoff = Backoff(first=0.1, longest=2.0)
        while True:
            try:
                async with self.sessions.read(self.caller) as session:
                    return await read(NotificationStore(session, user_id))
            except Exception as error:
                if not is_outage(error):
                    raise
                await backoff.pause()


async def _wait(wakes: Subscription) -> None:
    """Until woken, or until it is time to check the token again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_RECHECK_SECONDS):
            await wakes.wait()
