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
    attempts: int
    """Those that have begun, with this one."""


async def claim(engine: AsyncEngine, besides: set[UUID]) -> ExportOrder | None:
    """The oldest one that waits, which has one attempt less from now on, even if the worker is killed by it."""
    oldest = sa.select(jobs.c.id).where(_WAITS, jobs.c.id.not_in(besides)).order_by(jobs.c.ordered_at, jobs.c.id)
    chosen = oldest.limit(1).with_for_update(skip_locked=True).scalar_subquery()
    claimed = sa.update(jobs).where(jobs.c.id == chosen).values(attempts=jobs.c.attempts + 1)
    async with engine.begin() as connection:
        row = (await connection.execute(claimed.returning(jobs.c.id, jobs.c.tenant_id, jobs.c.attempts))).one_or_none()
    return None if row is None else ExportOrder(row.id, TenantId(row.tenant_id), row.attempts)


@asynccontextmanager
async def working_on(engine: AsyncEngine, job_id: UUID) -> AsyncGenerator[AsyncConnection | None]:
    """Keep other workers off it meanwhile; None if one has it, or it waits no more."""
    mine = sa.select(jobs.c.id).where(_WAITS, jobs.c.id == job_id).with_for_update(skip_locked=True)
    async with engine.begin() as connection:
        yield connection if await connection.scalar(mine) is not None else None


async def finish(connection: AsyncConnection, job_id: UUID, state: JobState, outcome: dict[str, Any]) -> None:
    """It is done, or given up; of the same tenant's earlier ones nothing is there any more."""
    tenant = sa.select(jobs.c.tenant_id).where(jobs.c.id == job_id).scalar_subquery()
    await connection.execute(sa.update(jobs).where(_IS_EXPORT, jobs.c.tenant_id == tenant).values(outcome={}))
    done = {"state": state, "outcome": outcome, "finished_at": sa.func.now()}
    await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(done))


async def expired(connection: AsyncConnection, now: datetime) -> list[tuple[UUID, TenantId]]:
    """Those whose archive is to go."""
    kept = jobs.c.outcome != sa.text("'{}'::jsonb")
    chosen = sa.select(jobs.c.id, jobs.c.tenant_id).where(_IS_EXPORT, kept, jobs.c.finished_at < now - EXPORT_KEPT)
    return [(row.id, TenantId(row.tenant_id)) for row in await connection.execute(chosen)]


async def forget_archive(connection: AsyncConnection, job_id: UUID) -> None:
    """Nothing is there any more to be fetched."""
    await connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(outcome={}))
