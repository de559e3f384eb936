"""What a tenant's people order for the whole tenant, and the worker does.

Subgraphs may not change whether a tenant is open, so they put an order down in the control database, as their login
role, where row security shows each tenant its own; the worker, as administrator, carries it out. What an operator does
is put down too: an order that is older than it does nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import Caller, TenantId
from shared.errors import Refusal
from shared.ids import uuid7
from shared.tenancy.names import CONTROL_SCHEMA
from shared.tenancy.registry import Registry

ORDERED_CHANNEL: Final = "tenant_job"
DELETED_AFTER: Final = timedelta(days=30)
"""In which a deletion that a tenant's people have ordered can be taken back."""
EXPORT_KEPT: Final = timedelta(days=7)
"""In which the archive of a tenant can be fetched."""
_ONE_EXPORT: Final = "uq_tenant_job_export"


class JobKind(StrEnum):
    SUSPEND = "SUSPEND"
    RESUME = "RESUME"
    EXPORT = "EXPORT"
    DELETE = "DELETE"


class JobState(StrEnum):
    WAITING = "WAITING"
    DONE = "DONE"
    FAILED = "FAILED"


CLOSING: Final = frozenset({JobKind.SUSPEND, JobKind.DELETE})
OPENNESS: Final = CLOSING | {JobKind.RESUME}
"""What says whether a tenant is open: the latest one counts."""


class ExportUnderWay(Refusal):
    code = "EXPORT_UNDER_WAY"
    default_message = "An archive of the tenant is being made already"


class Archive(msgspec.Struct, frozen=True):
    """What an export has made."""

    bytes: int
    pieces: int
    """In which it is kept."""


@dataclass(frozen=True, slots=True)
class TenantJob:
    """Something ordered for a tenant."""

    id: UUID
    kind: JobKind
    state: JobState
    ordered_by: UUID | None
    """A person of the tenant; None for the platform's operator, or for who came with a code."""
    ordered_at: datetime
    finished_at: datetime | None
    archive: Archive | None = None
    """Of an export, until it is gone: newer ones take its place, and it expires."""

    @property
    def archive_expires_at(self) -> datetime | None:
        """When the archive goes."""
        return None if self.archive is None or self.finished_at is None else self.finished_at + EXPORT_KEPT


jobs: Final = sa.Table(
    "tenant_job",
    sa.MetaData(schema=CONTROL_SCHEMA),
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("tenant_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, server_default=JobState.WAITING),
    sa.Column("ordered_by", sa.Uuid),
    sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("outcome", JSONB, nullable=False, server_default="{}"),
)
_SHOWN: Final = (
    jobs.c.id,
    jobs.c.kind,
    jobs.c.state,
    jobs.c.ordered_by,
    jobs.c.ordered_at,
    jobs.c.finished_at,
    jobs.c.outcome,
)


def _job(row: Any) -> TenantJob:
    kind, state = JobKind(row.kind), JobState(row.state)
    archive = msgspec.convert(row.outcome, Archive) if row.outcome else None
    return TenantJob(row.id, kind, state, row.ordered_by, row.ordered_at, row.finished_at, archive)


class JobBoard:
    """The orders of the caller's tenant."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def order(self, caller: Caller, kind: JobKind) -> UUID:
        """Put an order down, and wake the worker. Returns its id.

        Raises:
            ExportUnderWay: one archive at a time is made of a tenant.
        """
        job_id = uuid7()
        row = {"id": job_id, "tenant_id": caller.tenant_id, "kind": kind, "ordered_by": caller.user_id}
        try:
            async with self._registry.acting_for(caller) as connection:
                await connection.execute(sa.insert(jobs).values(row))
                await connection.execute(sa.select(sa.func.pg_notify(ORDERED_CHANNEL, str(caller.tenant_id))))
        except IntegrityError as error:
            if _ONE_EXPORT not in str(error.orig):
                raise
            raise ExportUnderWay from error
        return job_id

    async def get(self, caller: Caller, job_id: UUID) -> TenantJob | None:
        """One order of the tenant's."""
        mine = sa.select(*_SHOWN).where(jobs.c.tenant_id == caller.tenant_id, jobs.c.id == job_id)
        async with self._registry.acting_for(caller) as connection:
            row = (await connection.execute(mine)).one_or_none()
        return None if row is None else _job(row)

    async def closed_by(self, caller: Caller) -> UUID | None:
        """The order that has closed the tenant, if the latest one did."""
        async with self._registry.acting_for(caller) as connection:
            latest = await latest_of(connection, caller.tenant_id)
        return latest.id if latest and latest.kind in CLOSING else None


async def put_down(connection: AsyncConnection, tenant_id: TenantId, kind: JobKind) -> None:
    """Keep that the platform's operator has done something, as administrator."""
    done = {"state": JobState.DONE, "finished_at": sa.func.now()}
    await connection.execute(sa.insert(jobs).values(id=uuid7(), tenant_id=tenant_id, kind=kind, **done))


async def latest_of(connection: AsyncConnection, tenant_id: TenantId) -> TenantJob | None:
    """The order, of those that say whether the tenant is open, that counts."""
    said = jobs.c.tenant_id == tenant_id, jobs.c.kind.in_(OPENNESS), jobs.c.state != JobState.FAILED
    newest = sa.select(*_SHOWN).where(*said).order_by(jobs.c.ordered_at.desc(), jobs.c.id.desc()).limit(1)
    row = (await connection.execute(newest)).one_or_none()
    return None if row is None else _job(row)
