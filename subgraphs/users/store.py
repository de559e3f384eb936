"""Every statement of the users subgraph."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import Invitation, User


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


class InvitationStore:
    """Invitations of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, invitation: Invitation) -> None:
        self._session.add(invitation)
        await self._session.flush()

    async def batch(self, batch_id: UUID) -> Sequence[tuple[Invitation, User]]:
        chosen = (
            select(Invitation, User)
            .join(User, User.id == Invitation.user_id)
            .where(Invitation.batch_id == batch_id)
            .order_by(Invitation.id)
        )
        return [(invitation, user) for invitation, user in await self._session.execute(chosen)]

    async def claimable(self, invitation_id: UUID) -> tuple[Invitation, User] | None:
        """An open invitation with its person, locked until the transaction ends."""
        chosen = (
            select(Invitation, User)
            .join(User, User.id == Invitation.user_id)
            .where(Invitation.id == invitation_id, Invitation.claimed_at.is_(None))
            .where(Invitation.expires_at > datetime.now(UTC))
            .with_for_update()
        )
        found = (await self._session.execute(chosen)).one_or_none()
        return (found[0], found[1]) if found else None
