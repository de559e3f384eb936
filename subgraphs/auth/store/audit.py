"""Statements about the audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from shared.tenancy.names import tenant_schema
from subgraphs.auth.models.audit import AuditEvent, beginning, hash_of


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries; None for whichever."""

    action: str | None = None
    actor_id: str | None = None
    subject_type: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first instant that does not belong to it."""


class AuditStore:
    """The chain of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def append(self, events: Sequence[AuditEvent]) -> None:
        """Add entries to the end, linked; whoever else adds some waits until the transaction has ended."""
        tenant_id = self._session.caller.tenant_id
        lock = func.pg_advisory_xact_lock(func.hashtextextended(f"{tenant_schema(tenant_id)}.audit_events", 0))
        await self._session.execute(select(lock))
        last = select(AuditEvent.seq, AuditEvent.hash).order_by(AuditEvent.seq.desc()).limit(1)
        found = (await self._session.execute(last)).one_or_none()
        seq, previous = (found.seq, found.hash) if found else (0, beginning(tenant_id))
        for event in events:
            event.seq = seq = seq + 1
            event.previous_hash = previous
            event.hash = previous = hash_of(event)
        self._session.add_all(events)
        await self._session.flush()

    async def has(self, action: str, subject_id: str, *, since: datetime) -> bool:
        """Whether there is an entry of an action on a subject, no older than `since`."""
        chosen = select(AuditEvent.seq).where(AuditEvent.action == action, AuditEvent.subject_id == subject_id)
        return await self._session.scalar(chosen.where(AuditEvent.occurred_at > since).limit(1)) is not None

    async def count(self, action: str, subject_id: str, *, since: datetime) -> int:
        """How many entries there are of an action on a subject, no older than `since`."""
        chosen = select(func.count()).where(AuditEvent.action == action, AuditEvent.subject_id == subject_id)
        return await self._session.scalar(chosen.where(AuditEvent.occurred_at > since)) or 0

    async def page(self, wanted: AuditFilter, page: PageRequest[tuple[int]]) -> Sequence[AuditEvent]:
        """What was added last comes first."""
        equal = {
            AuditEvent.action: wanted.action,
            AuditEvent.actor_id: wanted.actor_id,
            AuditEvent.subject_type: wanted.subject_type,
            AuditEvent.subject_id: wanted.subject_id,
        }
        conditions = [column == value for column, value in equal.items() if value is not None]
        if wanted.since is not None:
            conditions.append(AuditEvent.occurred_at >= wanted.since)
        if wanted.until is not None:
            conditions.append(AuditEvent.occurred_at < wanted.until)
        if page.after is not None:
            conditions.append(AuditEvent.seq < page.after[0])
        chosen = select(AuditEvent).where(*conditions).order_by(AuditEvent.seq.desc()).limit(page.limit)
        return (await self._session.scalars(chosen)).all()
