"""The relay: moves recorded events from the outboxes of a subgraph's tenants to its stream.

An event is appended to the stream first and marked as published after, so that a crash in between repeats it and none
is lost. The events of a tenant are appended in their order, a batch at a time; tenants take turns.
"""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import structlog
from redis.asyncio import Redis

from shared.caller import TenantId
from shared.events import streams
from shared.events.backoff import Backoff
from shared.events.loss import LossDetector
from shared.events.repeat import for_each, forever, rest
from shared.events.sources import Source
from shared.events.turns import Turns

_log = structlog.get_logger()

RETENTION = timedelta(days=7)
"""How long a published event stays in the outbox, to be published again if Redis loses it."""
_BATCH = 200
_TENANTS_AT_ONCE = 4
_TENANTS_A_ROUND = 100
_PRUNE_EVERY = 3600.0


class Relay:
    """Publishes what one subgraph records. A second one beside it shares the work."""

    def __init__(self, source: Source, redis: Redis, *, round_every: float = 5.0) -> None:
        self._source = source
        self._redis = redis
        self._round_every = round_every
        self._stream = streams.stream_of(source.subgraph)
        self._loss = LossDetector(redis, source.subgraph)
        self._turns: Turns[TenantId] = Turns()
        self._failing: dict[TenantId, Backoff] = {}
        self._resting: set[TenantId] = set()
        """Tenants that have just failed and wait before the next attempt."""
        self._next_round = 0
        self._log = _log.bind(relay=source.subgraph)
        self._compared = asyncio.Event()
        """Set once it is known what Redis has lost: what is published before would count as lost on a new server."""
        self.listening = asyncio.Event()
        """Set while the relay is told of new events at once; otherwise its rounds find them."""

    async def run(self) -> None:
        """Publish until cancelled, whatever fails meanwhile."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(forever(self._listen, self._log))
            tasks.create_task(forever(self._go_round, self._log))
            tasks.create_task(forever(self._forget_old, self._log))
            for _ in range(_TENANTS_AT_ONCE):
                tasks.create_task(forever(self._publish_next, self._log))

    async def _listen(self) -> None:
        try:
            async with contextlib.aclosing(self._source.wakes()) as wakes:
                async for tenant_id in wakes:
                    if tenant_id is not None:
                        self._look_at(tenant_id)
                        continue
                    self.listening.set()
                    for each in await self._source.tenants():
                        self._look_at(each)
        finally:
            self.listening.clear()

    async def _go_round(self) -> None:
        """Look after what listening can't see: losses in Redis, and a wake that never came."""
        tenants = await self._source.tenants()
        await self._replay_lost()
        start = self._next_round if self._next_round < len(tenants) else 0
        for tenant_id in tenants[start : start + _TENANTS_A_ROUND]:
            self._look_at(tenant_id)
        self._next_round = start + _TENANTS_A_ROUND
        await rest(self._round_every)

    async def _replay_lost(self) -> None:
        since = await self._loss.lost_since()
        owed = await self._loss.owed()
        if since is not None:
            owed = dict.fromkeys(await self._source.tenants(), since)
            await self._loss.owe(owed)
        await self._loss.seen()
        for tenant_id, lost_since in owed.items():
            await self._replay(tenant_id, lost_since)
        self._compared.set()

    async def _replay(self, tenant_id: TenantId, since: datetime) -> None:
        try:
            replayed = await self._source.replay(tenant_id, since)
        except Exception as error:  # noqa: BLE001 - a tenant that cannot be read now has to wait, not the others
            self._log.warning("not published again yet", tenant=str(tenant_id), error=repr(error))
            return
        await self._loss.paid(tenant_id)
        if replayed:
            self._log.warning("events published again", tenant=str(tenant_id), count=replayed)
            self._look_at(tenant_id)

    def _look_at(self, tenant_id: TenantId) -> None:
        if tenant_id not in self._resting:
            self._turns.add(tenant_id)

    async def _publish_next(self) -> None:
        await self._compared.wait()
        async with self._turns.next() as tenant_id:
            try:
                await self._publish(tenant_id)
            except Exception as error:  # noqa: BLE001 - one failing tenant must not stop the others
                self._rest(tenant_id, error)
            else:
                self._failing.pop(tenant_id, None)

    def _rest(self, tenant_id: TenantId, error: Exception) -> None:
        """Let a failing tenant wait on its own, so that the others go on."""
        delay = self._failing.setdefault(tenant_id, Backoff(first=0.1, longest=5.0)).next()
        self._log.warning("publishing failed", tenant=str(tenant_id), error=repr(error), again_in=round(delay, 2))
        self._resting.add(tenant_id)
        asyncio.get_running_loop().call_later(delay, self._retry, tenant_id)

    def _retry(self, tenant_id: TenantId) -> None:
        self._resting.discard(tenant_id)
        self._turns.add(tenant_id)

    async def _publish(self, tenant_id: TenantId) -> None:
        async with self._source.batch(tenant_id, _BATCH) as events:
            if events:
                await streams.append(self._redis, self._stream, events)
        if len(events) == _BATCH:
            self._turns.add(tenant_id)

    async def _forget_old(self) -> None:
        async def prune(tenant_id: TenantId) -> None:
            await self._source.prune(tenant_id, datetime.now(UTC) - RETENTION)

        await for_each(await self._source.tenants(), prune, self._log, "relay.not_pruned")
        await rest(_PRUNE_EVERY)
