"""The consumer: handles the events of other subgraphs, each exactly once in effect.

An event is handled in one transaction with its entry in the inbox, and acknowledged after the commit. A crash in
between brings it again, and the inbox recognises it. The events of a tenant are handled in their order, those of
different tenants side by side. An event that fails again and again is put with the dead letters so that the ones behind
it go on; an outage of a server isn't held against it. Between attempts its tenant gives its place up to the others. An
operator may have it delivered again (`shared.events.dead_letters`).
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.caller import TenantId, service_caller
from shared.database import Sessions, unit_of_work
from shared.events import inbox
from shared.events.backoff import Backoff
from shared.events.event import Recorded
from shared.events.handler import Handlers, acknowledgement_of
from shared.events.outages import is_outage
from shared.events.repeat import forever, heed_cancellation, rest
from shared.events.streams import Entry, EntryId, Group, retries_of, stream_of
from shared.events.turns import Turns

_log = structlog.get_logger()

_TENANTS_AT_ONCE = 8
_IN_HAND = 256
"""Entries taken and not yet acknowledged, about."""
_READ_AT_ONCE = 64
_BLOCK_MS = 2_000


@dataclass(slots=True)
class _Failing:
    """A tenant whose oldest event was not handled yet."""

    attempts: int = 0
    """Those that are held against the event."""
    backoff: Backoff = field(default_factory=lambda: Backoff(first=0.1, longest=5.0))


class Consumer:
    """One member of the group that handles events on behalf of a subgraph.

    One member keeps the order of each tenant's events. Several share them out, and then two events of a tenant may be
    handled at the same time.

    A member that was killed goes on with what it had taken when it comes back under its name. If it doesn't, another
    one takes that over after `claim_idle` seconds.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        sessions: Sessions,
        redis: Redis,
        member: str,
        attempts: int = 5,
        claim_idle: float = 30.0,
    ) -> None:
        self.name = sessions.subgraph
        self._handlers = handlers
        self._sessions = sessions
        self._attempts = attempts
        self._claim_idle = claim_idle
        self.streams = tuple(sorted({stream_of(topic.partition(".")[0]) for topic in handlers}))
        """Of the subgraphs that it hears."""
        self._group = Group(redis, self.name, member, (*self.streams, retries_of(self.name)))
        self._waiting: dict[UUID, deque[Entry]] = {}
        self._failing: dict[UUID, _Failing] = {}
        self._resting: set[UUID] = set()
        """Tenants that wait before the next attempt."""
        self._in_hand: set[tuple[str, EntryId]] = set()
        self._done = asyncio.Event()
        self._turns: Turns[UUID] = Turns()
        self._log = _log.bind(consumer=self.name)
        self.reading = asyncio.Event()
        """Set while the consumer can read its streams."""

    async def run(self) -> None:
        """Consume until cancelled, whatever fails meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(forever(self._read, self._log))
            tasks.create_task(forever(self._claim_abandoned, self._log))
            for _ in range(_TENANTS_AT_ONCE):
                tasks.create_task(forever(self._serve_next, self._log))

    async def forget_old(self, tenants: Iterable[TenantId]) -> None:
        """Drop from the inboxes what can't come again."""
        for tenant_id in tenants:
            async with unit_of_work(self._sessions, service_caller(tenant_id, self.name)) as session:
                await inbox.forget_old(session)

    async def _read(self) -> None:
        """Read until something fails; what was taken but never arrived here is read again first."""
        try:
            await self._group.ensure()
            for stream in self._group.streams:
                await self._resume(stream)
            self.reading.set()
            while True:
                heed_cancellation()
                await self._room()
                self._take(await self._group.read(count=_READ_AT_ONCE, block=_BLOCK_MS))
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            self._log.warning("consumer group is lost and made again", error=str(error))
        finally:
            self.reading.clear()

    async def _resume(self, stream: str) -> None:
        after = b"0"
        while entries := await self._group.unfinished(stream, after, count=_READ_AT_ONCE):
            await self._room()
            self._take(entries)
            after = entries[-1].id

    async def _claim_abandoned(self) -> None:
        await rest(self._claim_idle / 2)
        for stream in self._group.streams:
            await self._room()
            self._take(await self._group.claim(stream, idle=int(self._claim_idle * 1000), count=_READ_AT_ONCE))

    async def _room(self) -> None:
        while len(self._in_hand) >= _IN_HAND:
            self._done.clear()
            await self._done.wait()

    def _take(self, entries: list[Entry]) -> None:
        for entry in entries:
            if (entry.stream, entry.id) in self._in_hand:
                continue
            self._in_hand.add((entry.stream, entry.id))
            tenant_id = entry.event.tenant_id if entry.event else UUID(int=0)
            self._waiting.setdefault(tenant_id, deque()).append(entry)
            if tenant_id not in self._resting:
                self._turns.add(tenant_id)

    async def _serve_next(self) -> None:
        """Handle one entry of the tenant whose turn it is."""
        async with self._turns.next() as tenant_id:
            waiting = self._waiting[tenant_id]
            try:
                await self._settle(tenant_id, waiting[0])
            except Exception as error:  # noqa: BLE001 - handlers may raise anything
                self._rest(tenant_id, waiting[0], error)
                return
            self._failing.pop(tenant_id, None)
            entry = waiting.popleft()
            self._in_hand.discard((entry.stream, entry.id))
            self._done.set()
            if waiting:
                self._turns.add(tenant_id)
            else:
                del self._waiting[tenant_id]

    async def _settle(self, tenant_id: UUID, entry: Entry) -> None:
        """Handle the entry, or bury one that has failed too often; raise if it is to be tried again."""
        try:
            await self._attempt(entry)
        except Exception as error:
            failing = self._failing.setdefault(tenant_id, _Failing())
            failing.attempts += not is_outage(error)
            if failing.attempts < self._attempts and not isinstance(error, msgspec.MsgspecError):
                raise
            await self._bury(entry, repr(error))

    def _rest(self, tenant_id: UUID, entry: Entry, error: Exception) -> None:
        """Let a tenant wait on its own: one whose server is away for long is not to keep a place from the others."""
        failing = self._failing.setdefault(tenant_id, _Failing())
        self._log.warning("handling failed", entry=entry.id.decode(), attempts=failing.attempts, error=repr(error))
        self._resting.add(tenant_id)
        asyncio.get_running_loop().call_later(failing.backoff.next(), self._retry, tenant_id)

    def _retry(self, tenant_id: UUID) -> None:
        self._resting.discard(tenant_id)
        self._turns.add(tenant_id)

    async def _attempt(self, entry: Entry) -> None:
        if entry.event is None:
            await self._bury(entry, "not an event")
            return
        wakes = await self._handle(entry.event)
        await self._group.acknowledge(entry, wakes)

    async def _handle(self, event: Recorded) -> list[str]:
        """Handle the event unless it was handled before; returns the channels to wake in both cases.

        They are worked out anew when the event comes again, since the crash that brought it again may have come before
        anybody was woken.
        """
        handler = self._handlers.get(event.topic)
        if handler is None:
            return []
        payload = msgspec.json.decode(event.payload, type=handler.payload)
        async with unit_of_work(self._sessions, service_caller(TenantId(event.tenant_id), self.name)) as session:
            if await inbox.claim(session, event.event_id, self.name):
                await handler.handle(session, payload)
        woken = handler.wakes(payload) if handler.wakes else ()
        return [acknowledgement_of(event.event_id, self.name), *woken]

    async def _bury(self, entry: Entry, reason: str) -> None:
        self._log.error("event given up", entry=entry.id.decode(), stream=entry.stream, reason=reason)
        await self._group.bury(entry, reason)
