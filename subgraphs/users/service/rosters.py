"""Importing rosters: submitted whole, imported some rows a transaction, each of which tells of the next.

So a worker that is killed at any moment leaves a job that goes on after its last committed rows, and never does a row
twice. What a roster says again changes nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from shared.caller import Caller
from shared.data_keys import DataKeys, DataShredded
from shared.database import TenantSession
from shared.errors import NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.registry import Registry
from subgraphs.users.errors import ImportDone, RosterInvalid, TooManyImports
from subgraphs.users.events import RosterCancelled, RosterImported, RosterSubmitted
from subgraphs.users.models import ImportJob, ImportState
from subgraphs.users.service.invitations import GRANTER, INVITER, may_give
from subgraphs.users.service.people import MANAGER
from subgraphs.users.service.roster_files import Roster, RosterRow, read_roster, write_problems
from subgraphs.users.service.roster_rows import ImportedRows, Outcome
from subgraphs.users.service.sealed_fields import SealedFields
from subgraphs.users.store.rosters import ImportStore

MOST_RUNNING: Final = 3
ROWS_A_STEP: Final = 100
KEPT: Final = timedelta(days=7)
"""After it is complete: the roster, and what was wrong with it."""
_MOST_PROBLEMS_A_ROW: Final = 10


@dataclass(frozen=True, slots=True)
class RosterOptions:
    """What is to be done with a roster."""

    source: str
    role: Role
    dry_run: bool
    invite: bool


def channel_of(tenant_id: UUID, job_id: UUID) -> str:
    """Name the hub channel that is woken when a job has got on."""
    return f"users:import-job:{tenant_id}:{job_id}"


async def submit(
    session: TenantSession, attempt: Attempt, keys: DataKeys, text: str, options: RosterOptions
) -> ImportJob:
    """Take a roster to be imported.

    Raises:
        Forbidden: the caller does not manage and invite people or, where the roster makes somebody more than a learner,
            does not give roles.
        RosterInvalid: it cannot be read, or makes somebody an owner.
        TooManyImports: others are being imported.
    """
    session.caller.require(MANAGER)
    session.caller.require(INVITER)
    roster = await asyncio.to_thread(read_roster, text)
    _check_roles(session.caller, roster.roles | {options.role})

    async def perform() -> UUID:
        store, job_id = ImportStore(session), uuid7()
        await store.lock_submissions()
        if await store.running() >= MOST_RUNNING:
            raise TooManyImports
        ring = await keys.of(session, sealing=True)
        job = ImportJob(
            id=job_id,
            source=options.source,
            requested_by=session.caller.require_user(),
            role=options.role,
            dry_run=options.dry_run,
            invite=options.invite,
            sealed_text=ring.seal(ImportJob.sealed_text, job_id, text),
            total=len(roster.rows),
        )
        await store.add(job)
        _tell_next(session, job, 0)
        return job_id

    return await _job(session, await once(session, attempt, perform))


def _check_roles(caller: Caller, roles: set[str]) -> None:
    if Role.OWNER in roles:
        raise RosterInvalid("A roster makes nobody an owner")
    if not all(may_give(caller, Role(role)) for role in roles & set(Role)):
        caller.require(GRANTER)


def _tell_next(session: TenantSession, job: ImportJob, row: int) -> None:
    tenant_id = session.caller.tenant_id
    record(session, RosterSubmitted(tenant_id=tenant_id, job_id=job.id, row=row, actor_id=job.requested_by))


async def go_on(session: TenantSession, keys: DataKeys, tenants: Registry, job_id: UUID, row: int) -> None:
    """Import the next rows of a job, from `row` on. Rows that are behind it are left alone."""
    job = await ImportStore(session).locked(job_id)
    if job is None or job.state != ImportState.RUNNING or job.done != row:
        return
    roster = await _roster(session, keys, job)
    if roster is not None:
        rows = roster.rows[row : row + ROWS_A_STEP]
        job.done = row + len(rows)
        if job.done < job.total:
            # before what a dry run takes back, or nobody would be woken
            _tell_next(session, job, job.done)
            await session.flush()
        fields = SealedFields(await keys.of(session, sealing=True))
        imported = ImportedRows(session, tenants, job, roster, fields)
        await _count(session, job, rows, await _import(session, imported, rows, dry_run=job.dry_run))
    if roster is None or job.done >= job.total:
        _complete(session, job)
    job.version += 1


async def _roster(session: TenantSession, keys: DataKeys, job: ImportJob) -> Roster | None:
    """What is imported; None if nobody can read it any more."""
    if job.sealed_text is None:
        return None
    try:
        text = (await keys.of(session)).open(ImportJob.sealed_text, job.id, job.sealed_text)
    except DataShredded:
        return None
    return await asyncio.to_thread(read_roster, text)


async def _import(
    session: TenantSession, imported: ImportedRows, rows: Sequence[RosterRow], *, dry_run: bool
) -> list[Outcome]:
    """What comes of the rows; a dry run takes back what it has done to see that."""
    async with session.begin_nested() as nested:
        outcomes = await imported.take(rows)
        if dry_run:
            await nested.rollback()
    return outcomes


async def _count(session: TenantSession, job: ImportJob, rows: Sequence[RosterRow], outcomes: list[Outcome]) -> None:
    problems: list[dict[str, Any]] = []
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, str):
            setattr(job, outcome, getattr(job, outcome) + 1)
            continue
        job.failed += 1
        problems += [
            {
                "job_id": job.id,
                "line": row.line,
                "number": number,
                "column": problem.column,
                "code": problem.code,
                "message": problem.message,
            }
            for number, problem in enumerate(outcome[:_MOST_PROBLEMS_A_ROW])
        ]
    await ImportStore(session).note_problems(problems)


def _complete(session: TenantSession, job: ImportJob) -> None:
    job.state, job.completed_at = ImportState.DONE, datetime.now(UTC)
    imported = RosterImported(
        tenant_id=session.caller.tenant_id,
        job_id=job.id,
        dry_run=job.dry_run,
        created=job.created,
        updated=job.updated,
        failed=job.failed,
        actor_id=job.requested_by,
    )
    record(session, imported)


async def cancel(session: TenantSession, attempt: Attempt, job_id: UUID) -> ImportJob:
    """Import a roster no further; a step that is being taken is taken to its end. One that is cancelled stays so.

    Raises:
        Forbidden: the caller manages nobody.
        NotFound: there is no such import.
        ImportDone: it is complete.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        job = await ImportStore(session).locked(job_id)
        if job is None:
            raise NotFound("There is no such import")
        if job.state == ImportState.DONE:
            raise ImportDone
        if job.state == ImportState.RUNNING:
            _cancel(session, job)
        return job_id

    return await _job(session, await once(session, attempt, perform))


def _cancel(session: TenantSession, job: ImportJob) -> None:
    job.state, job.completed_at = ImportState.CANCELLED, datetime.now(UTC)
    job.version += 1
    caller = session.caller
    cancelled = RosterCancelled(
        tenant_id=caller.tenant_id,
        job_id=job.id,
        dry_run=job.dry_run,
        done=job.done,
        total=job.total,
        actor_id=caller.user_id,
    )
    record(session, cancelled)


async def problems_as_csv(session: TenantSession, keys: DataKeys, job: ImportJob) -> str | None:
    """The rows that were not imported, with what is wrong; None once the roster is forgotten."""
    roster = await _roster(session, keys, job)
    if roster is None:
        return None
    return await asyncio.to_thread(write_problems, roster, await ImportStore(session).messages(job.id))


async def forget_old(session: TenantSession, now: datetime) -> None:
    """Forget what rosters said once it was kept long enough."""
    await ImportStore(session).forget_completed(now - KEPT)


async def _job(session: TenantSession, job_id: UUID) -> ImportJob:
    job = await ImportStore(session).get(job_id)
    if job is None:
        raise NotFound("There is no such import")
    return job
