"""Statements about imports of rosters."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import ExternalId, ImportJob, ImportProblem, ImportState, OrgUnitMember, User

ProblemPage: TypeAlias = PageRequest[tuple[int, int]]


class ImportStore:
    """Imports of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def lock_submissions(self) -> None:
        """Let nobody else submit a roster until the transaction ends."""
        key = func.hashtextextended(f"rosters:{self._session.caller.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def running(self) -> int:
        counted = select(func.count()).select_from(ImportJob).where(ImportJob.state == ImportState.RUNNING)
        return await self._session.scalar(counted) or 0

    async def add(self, job: ImportJob) -> None:
        self._session.add(job)
        await self._session.flush()

    async def get(self, job_id: UUID) -> ImportJob | None:
        return await self._session.get(ImportJob, job_id)

    async def locked(self, job_id: UUID) -> ImportJob | None:
        """The job, which nobody else goes on with until the transaction ends."""
        return await self._session.scalar(select(ImportJob).where(ImportJob.id == job_id).with_for_update())

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[ImportJob]:
        """The newest first."""
        chosen = select(ImportJob).order_by(ImportJob.id.desc()).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(ImportJob.id < page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def note_problems(self, problems: Sequence[Mapping[str, object]]) -> None:
        if problems:
            await self._session.execute(insert(ImportProblem), problems)

    async def problems(self, job_ids: Sequence[UUID], page: ProblemPage) -> Mapping[UUID, Sequence[ImportProblem]]:
        """The same page of each, in the order of lines, in one statement."""
        order = (ImportProblem.line, ImportProblem.number)
        place = func.row_number().over(partition_by=ImportProblem.job_id, order_by=order).label("place")
        numbered = select(ImportProblem, place).where(ImportProblem.job_id.in_(job_ids))
        if page.after is not None:
            numbered = numbered.where(func.row(*order) > func.row(*page.after))
        rows = numbered.subquery()
        problem = aliased(ImportProblem, rows)
        chosen = select(problem).where(rows.c.place <= page.limit).order_by(rows.c.job_id, rows.c.place)
        found: dict[UUID, list[ImportProblem]] = {}
        for row in await self._session.scalars(chosen):
            found.setdefault(row.job_id, []).append(row)
        return found

    async def messages(self, job_id: UUID) -> Mapping[int, Sequence[str]]:
        """What is wrong, by line."""
        chosen = select(ImportProblem).where(ImportProblem.job_id == job_id)
        found: dict[int, list[str]] = {}
        for problem in await self._session.scalars(chosen.order_by(ImportProblem.line, ImportProblem.number)):
            found.setdefault(problem.line, []).append(problem.message)
        return found

    async def forget_completed(self, before: datetime) -> None:
        """Drop the rosters and the problems of imports that were complete before then; the numbers stay."""
        old = select(ImportJob.id).where(ImportJob.completed_at < before)
        await self._session.execute(delete(ImportProblem).where(ImportProblem.job_id.in_(old)))
        kept = update(ImportJob).where(ImportJob.completed_at < before, ImportJob.sealed_text.is_not(None))
        await self._session.execute(kept.values(sealed_text=None))


class RosterStore:
    """Whom the rows of a roster mean, in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def by_external_ids(self, source: str, ids: Sequence[str]) -> Mapping[str, User]:
        """Whom a system calls so, locked."""
        chosen = select(ExternalId.external_id, User).join(User, User.id == ExternalId.user_id)
        chosen = chosen.where(ExternalId.source == source, ExternalId.external_id.in_(ids))
        found = await self._session.execute(chosen.order_by(User.id).with_for_update(of=User))
        return {row[0]: row[1] for row in found}

    async def known_to(self, source: str, user_ids: Sequence[UUID]) -> set[UUID]:
        """Those of the people whom a system has a name for."""
        chosen = select(ExternalId.user_id).where(ExternalId.source == source, ExternalId.user_id.in_(user_ids))
        return set(await self._session.scalars(chosen))

    async def add_external_id(self, user_id: UUID, source: str, external_id: str) -> bool:
        """False if somebody else was called so meanwhile."""
        added = insert(ExternalId).values(user_id=user_id, source=source, external_id=external_id)
        return await self._session.scalar(added.on_conflict_do_nothing().returning(ExternalId.user_id)) is not None

    async def members(self, unit_ids: Sequence[UUID], user_ids: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
        """Who belongs to which of the units: pairs of unit and person."""
        chosen = select(OrgUnitMember.org_unit_id, OrgUnitMember.user_id)
        chosen = chosen.where(OrgUnitMember.org_unit_id.in_(unit_ids), OrgUnitMember.user_id.in_(user_ids))
        return {(row[0], row[1]) for row in await self._session.execute(chosen)}
