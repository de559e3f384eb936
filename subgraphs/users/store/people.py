"""Statements about people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import User


class UserStore:
    """People of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, user_id: UUID) -> User | None:
        return await self._session.get(User, user_id)

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, User]:
        found = await self._session.scalars(select(User).where(User.id.in_(ids)))
        return {user.id: user for user in found}

    async def by_emails(self, emails: Iterable[str]) -> Mapping[str, User]:
        found = await self._session.scalars(select(User).where(User.email.in_(list(emails))).with_for_update())
        return {user.email: user for user in found}

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[User]:
        """In the order in which they came."""
        chosen = select(User).order_by(User.id).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(User.id > page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def count(self) -> int:
        return await self._session.scalar(select(func.count()).select_from(User)) or 0

    async def add(self, **values: Any) -> User | None:
        """Insert a person; None if the id or the e-mail address is already here."""
        added = insert(User).values(**values).on_conflict_do_nothing().returning(User)
        return await self._session.scalar(added)

    async def note_account(self, user_id: UUID) -> None:
        await self._session.execute(update(User).where(User.id == user_id).values(can_sign_in=True))
