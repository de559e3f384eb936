"""The places where recorded events wait to be published: what the relay needs from one, and the one on PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, NoReturn, Protocol, cast
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId, service_caller
from shared.database import Sessions, unit_of_work
from shared.events.event import Recorded
from shared.events.outbox import OUTBOX_CHANNEL, OutboxRow
from shared.events.repeat import forever

_log = structlog.get_logger()
_PROBE_EVERY = 10.0
"""Seconds of silence after which the listening connection has to prove that it lives."""


class Source(Protocol):
    """The outboxes of all tenants of one subgraph."""

    @property
    def subgraph(self) -> str: ...

    async def tenants(self) -> Sequence[TenantId]:
        """Every tenant that may have events here."""
        ...

    def wakes(self) -> AsyncGenerator[TenantId | None]:
        """Tell whose outbox has grown, for as long as the source can be listened to.

        None says that something may have been missed, so that every tenant has to be looked at; it comes first, and
        again after each reconnection if the source reconnects by itself. A source that loses its connection may
        just raise: the relay calls again.
        """
        ...

    def batch(self, tenant_id: TenantId, limit: int) -> AbstractAsyncContextManager[Sequence[Recorded]]:
        """Lend the oldest unpublished events of a tenant, in order.

        They count as published when the block ends without an error, and stay unpublished otherwise. While they are
        lent, no other relay gets them or a later one of that tenant.
        """
        ...

    async def replay(self, tenant_id: TenantId, since: datetime) -> int:
        """Count the events published since then as unpublished again; returns how many."""
        ...

    async def prune(self, tenant_id: TenantId, before: datetime) -> int:
        """Forget the events published before then; returns how many."""
        ...


class PostgresSource:
    """Reads the outboxes with the rights of the subgraph, a tenant at a time."""

    def __init__(self, sessions: Sessions, tenants: Callable[[], Awaitable[Sequence[TenantId]]]) -> None:
        self._sessions = sessions
        self._tenants = tenants

    @property
    def subgraph(self) -> str:
        return self._sessions.subgraph

    async def tenants(self) -> Sequence[TenantId]:
        return await self._tenants()

    def wakes(self) -> AsyncGenerator[TenantId | None]:
        first, *others = self._sessions.engines
        return _heard_on_all([first, *others]) if others else _heard_on(first)

    @contextlib.asynccontextmanager
    async def batch(self, tenant_id: TenantId, limit: int) -> AsyncGenerator[Sequence[Recorded]]:
        oldest = (
            sa.select(OutboxRow.seq, OutboxRow.event_id, OutboxRow.topic, sa.cast(OutboxRow.payload, sa.Text))
            .where(OutboxRow.published_at.is_(None))
            .order_by(OutboxRow.seq)
            .limit(limit)
            .with_for_update()
        )
        async with unit_of_work(self._sessions, service_caller(tenant_id, "relay")) as session:
            rows = (await session.execute(oldest)).all()
            yield [Recorded(event_id, tenant_id, topic, payload.encode()) for _, event_id, topic, payload in rows]
            if rows:
                await session.execute(
                    sa.update(OutboxRow)
                    .where(OutboxRow.seq.in_([seq for seq, *_ in rows]))
                    .values(published_at=sa.func.now())
                    .execution_options(synchronize_session=False)
                )

    async def replay(self, tenant_id: TenantId, since: datetime) -> int:
        return await self._change(
            tenant_id, sa.update(OutboxRow).where(OutboxRow.published_at >= since).values(published_at=None)
        )

    async def prune(self, tenant_id: TenantId, before: datetime) -> int:
        return await self._change(tenant_id, sa.delete(OutboxRow).where(OutboxRow.published_at < before))

    async def _change(self, tenant_id: TenantId, statement: sa.Update | sa.Delete) -> int:
        async with unit_of_work(self._sessions, service_caller(tenant_id, "relay")) as session:
            done = await session.execute(statement.execution_options(synchronize_session=False))
        return cast("sa.CursorResult[Any]", done).rowcount


async def _heard_on(engine: AsyncEngine) -> AsyncGenerator[TenantId | None]:
    """Listen to one server until the connection is lost."""
    async with engine.connect() as connection:
        try:
            async with contextlib.aclosing(_notifications(connection)) as heard:
                async for tenant_id in heard:
                    yield tenant_id
        finally:
            # it goes back to no pool: nobody else shall hear what it listens to
            await connection.invalidate()


async def _heard_on_all(engines: Sequence[AsyncEngine]) -> AsyncGenerator[TenantId | None]:
    """Listen to several servers, each again and again: one that is away keeps nobody from hearing the others."""
    heard: asyncio.Queue[TenantId | None] = asyncio.Queue()

    def listen(engine: AsyncEngine) -> asyncio.Task[NoReturn]:
        async def pass_on() -> None:
            async with contextlib.aclosing(_heard_on(engine)) as wakes:
                async for tenant_id in wakes:
                    heard.put_nowait(tenant_id)

        return asyncio.create_task(forever(pass_on, _log))

    listening = [listen(engine) for engine in engines]
    try:
        while True:
            yield await heard.get()
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


async def _notifications(connection: AsyncConnection) -> AsyncGenerator[TenantId | None]:
    """Listen until the connection is lost; None comes first, when listening has begun."""
    raw = await connection.get_raw_connection()
    driver = cast("Any", raw.driver_connection)  # asyncpg ships no types
    heard: asyncio.Queue[TenantId | None] = asyncio.Queue()

    def grown(_driver: object, _pid: int, _channel: str, payload: str) -> None:
        heard.put_nowait(TenantId(UUID(payload)))

    def lost(_driver: object) -> None:
        heard.put_nowait(None)

    driver.add_termination_listener(lost)
    await driver.add_listener(OUTBOX_CHANNEL, grown)
    yield None
    while True:
        try:
            async with asyncio.timeout(_PROBE_EVERY):
                tenant_id = await heard.get()
        except TimeoutError:
            # the server may have vanished without a word
            await driver.fetchval("SELECT 1", timeout=_PROBE_EVERY)
            continue
        if tenant_id is None:
            raise ConnectionResetError("the connection that listens to the outbox was closed")
        yield tenant_id
