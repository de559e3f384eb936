"""The worker's part in what tenants' people order (`shared.tenancy.jobs`): whether their tenant is open."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId
from shared.errors import Refusal
from shared.tenancy.changes import Change, apply_change
from shared.tenancy.jobs import DELETED_AFTER, OPENNESS, ORDERED_CHANNEL, JobKind, JobState, jobs, latest_of
from shared.tenancy.notices import sweep_on_notices
from shared.tenancy.registry import TenantStatus, tenants

_STATUS: Final = {JobKind.SUSPEND: TenantStatus.SUSPENDED, JobKind.RESUME: TenantStatus.ACTIVE}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Orders:
    """Carries out what was ordered, once: each in one transaction with the note that it is done."""

    engine: AsyncEngine
    """The control database's, as its administrator."""

    async def run(self) -> None:
        """Carry out until cancelled: woken by notices, sweeping in case one was missed."""
        await sweep_on_notices(self.engine, ORDERED_CHANNEL, self.sweep, _log)

    async def sweep(self) -> None:
        """Carry out all there are, the oldest first."""
        while await self._next():
            pass

    async def _next(self) -> bool:
        waiting = sa.and_(jobs.c.state == JobState.WAITING, jobs.c.kind.in_(OPENNESS))
        oldest = sa.select(jobs.c.id, jobs.c.tenant_id, jobs.c.kind).where(waiting, tenants.c.id == jobs.c.tenant_id)
        # with its tenant's row: one that is being deleted at this moment is left alone, and not waited for
        chosen = oldest.order_by(jobs.c.ordered_at, jobs.c.id).limit(1).with_for_update(skip_locked=True)
        async with self.engine.begin() as connection:
            row = (await connection.execute(chosen)).one_or_none()
            if row is None:
                return False
            await _carry_out(connection, TenantId(row.tenant_id), row.id, JobKind(row.kind))
        return True


async def _carry_out(connection: AsyncConnection, tenant_id: TenantId, job_id: UUID, kind: JobKind) -> None:
    """Do it, unless something newer says otherwise, or it is too late."""
    latest = await latest_of(connection, tenant_id)
    state = JobState.FAILED
    if latest is not None and latest.id == job_id:
        due = datetime.now(UTC) + DELETED_AFTER if kind is JobKind.DELETE else None
        with suppress(Refusal):
            await apply_change(connection, tenant_id, Change(_STATUS.get(kind), delete_after=due))
            state = JobState.DONE
    finished = sa.update(jobs).where(jobs.c.id == job_id).values(state=state, finished_at=sa.func.now())
    await connection.execute(finished)
    _log.info("tenant.order", tenant_id=str(tenant_id), kind=kind, state=state)
