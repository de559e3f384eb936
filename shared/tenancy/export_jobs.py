"""The orders for archives of tenants (`shared.tenancy.jobs`), as the worker has them: of all tenants."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId
from shared.tenancy.jobs import EXPORT_KEPT, JobKind, JobState, jobs

MOST_ATTEMPTS: Final = 5
_IS_EXPORT: Final = jobs.c.kind == JobKind.EXPORT
_WAITS: Final = sa.and_(_IS_EXPORT, jobs.c.state == JobState.WAITING)


@dataclass(frozen=True, slots=True)
class ExportOrder:
    """One that waits."""

    id: UUID
    tenant_id: TenantId


@dataclass(frozen=True, slots=True)
class Work:
    """An order in hand.

    Attributes:
        connection: that keeps other workers off it, with no transaction open.
        attempts: those that have begun, with this one.
    """

    connection: AsyncConnection
    attempts: int


async def oldest(engine: AsyncEngine, besides: set[UUID]) -> ExportOrder | None:
    """The one that waits longest."""
    waiting = sa.select(jobs.c.id, jobs.c.tenant_id).where(_WAITS, jobs.c.id.not_in(besides))
    async with engine.connect() as connection:
        row = (await connection.execute(waiting.order_by(jobs.c.ordered_at, jobs.c.id).limit(1))).one_or_none()
    return None if row is None else ExportOrder(row.id, TenantId(row.tenant_id))


async def give_back(connection: AsyncConnection, job_id: UUID) -> None:
    """Let the attempt in hand count for nothing: a server was away, or the tenant is being moved."""
    async with connection.begin():
        await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(attempts=jobs.c.attempts - 1))


@asynccontextmanager
async def working_on(engine: AsyncEngine, job_id: UUID) -> AsyncGenerator[Work | None]:
    """Keep other workers off it meanwhile; None if one has it, or it waits no more.

    It has one attempt less from now on, even if the worker is killed by it. The connection has the lock, and no
    transaction: an archive takes minutes, in which one would keep PostgreSQL from cleaning up in the whole database.
    A worker that is killed lets go of it, and so does one that loses the connection, which cannot `finish` it then.
    """
    key = sa.func.hashtextextended(f"tenant_job/{job_id}", 0)
    begun = sa.update(jobs).where(_WAITS, jobs.c.id == job_id).values(attempts=jobs.c.attempts + 1)
    async with engine.connect() as connection:
        async with connection.begin():
            is_mine = await connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key)))
        if not is_mine:
            yield None
            return
        try:
            async with connection.begin():
                attempts = await connection.scalar(begun.returning(jobs.c.attempts))
            yield None if attempts is None else Work(connection, attempts)
        finally:
            await _let_go(connection, key)


async def _let_go(connection: AsyncConnection, key: sa.ColumnElement[int]) -> None:
    try:
        async with connection.begin():
            await connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
    except BaseException:
        await connection.invalidate()  # no other work is to get it with the lock
        raise


async def finish(connection: AsyncConnection, job_id: UUID, state: JobState, outcome: dict[str, Any]) -> None:
    """It is done, or given up; of the same tenant's earlier ones nothing is there any more.

    Args:
        connection: that keeps other workers off it.
        job_id: of the order.
        state: what has become of it.
        outcome: what was made.
    """
    tenant = sa.select(jobs.c.tenant_id).where(jobs.c.id == job_id).scalar_subquery()
    done = {"state": state, "outcome": outcome, "finished_at": sa.func.now()}
    async with connection.begin():
        await connection.execute(sa.update(jobs).where(_IS_EXPORT, jobs.c.tenant_id == tenant).values(outcome={}))
        await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(done))


async def expired(connection: AsyncConnection, now: datetime) -> list[tuple[UUID, TenantId]]:
    """Those whose archive is to go."""
    kept = jobs.c.outcome != sa.text("'{}'::jsonb")
    chosen = sa.select(jobs.c.id, jobs.c.tenant_id).where(_IS_EXPORT, kept, jobs.c.finished_at < now - EXPORT_KEPT)
    return [(row.id, TenantId(row.tenant_id)) for row in await connection.execute(chosen)]


async def forget_archive(connection: AsyncConnection, job_id: UUID) -> None:
    """Nothing is there any more to be fetched."""
    await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(outcome={}))
