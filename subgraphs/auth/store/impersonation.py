"""Every statement about people who act in others' names."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, true, update

from shared.database import TenantSession
from shared.graphql.pagination import Keyset, PageRequest
from subgraphs.auth.models import Account, Impersonation

NEWEST_FIRST: Final = Keyset(tuple[UUID])
"""Ids of impersonations rise with time."""


class ImpersonationStore:
    """Who acts in whose name, in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, impersonation: Impersonation) -> None:
        self._session.add(impersonation)
        await self._session.flush()

    async def get(self, impersonation_id: UUID) -> Impersonation | None:
        """One, ended or not."""
        return await self._session.get(Impersonation, impersonation_id)

    async def with_account(self, impersonation_id: UUID) -> tuple[Impersonation, Account] | None:
        """One, ended or not, with the account of the person in whose name it is."""
        chosen = select(Impersonation, Account).join(Account, Account.user_id == Impersonation.user_id)
        row = (await self._session.execute(chosen.where(Impersonation.id == impersonation_id))).one_or_none()
        return None if row is None else (row[0], row[1])

    async def page(self, user_id: UUID, page: PageRequest[tuple[UUID]]) -> Sequence[Impersonation]:
        """Those in a person's name, the newest first."""
        chosen = select(Impersonation).where(Impersonation.user_id == user_id)
        if page.after is not None:
            chosen = chosen.where(Impersonation.id < page.after[0])
        return (await self._session.scalars(chosen.order_by(Impersonation.id.desc()).limit(page.limit))).all()

    async def end(self, impersonation_id: UUID, now: datetime) -> Sequence[Impersonation]:
        """End one; empty if it has ended."""
        return await self._end(Impersonation.id == impersonation_id, now)

    async def end_begun_in(self, sessions: Collection[UUID], now: datetime) -> Sequence[Impersonation]:
        """End those that were begun in any of some sessions."""
        return await self._end(Impersonation.session_id.in_(sessions), now)

    async def end_of(self, user_id: UUID, now: datetime) -> Sequence[Impersonation]:
        """End those in a person's name."""
        return await self._end(Impersonation.user_id == user_id, now)

    async def end_around(self, user_id: UUID | None, now: datetime) -> Sequence[Impersonation]:
        """End those in a person's name and those in which that person acts; None ends everybody's."""
        around = (Impersonation.user_id == user_id) | (Impersonation.impersonator_id == user_id)
        return await self._end(true() if user_id is None else around, now)

    async def forget(self, before: datetime) -> None:
        """Drop those that were over before then."""
        await self._session.execute(delete(Impersonation).where(Impersonation.expires_at < before))

    async def _end(self, chosen: ColumnElement[bool], now: datetime) -> Sequence[Impersonation]:
        ended = update(Impersonation).where(chosen, Impersonation.ended_at.is_(None)).values(ended_at=now)
        return (await self._session.scalars(ended.returning(Impersonation))).all()
