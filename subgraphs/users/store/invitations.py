"""Statements about invitations."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import Invitation, User, UserStatus


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

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[tuple[Invitation, User]]:
        """The newest first."""
        chosen = select(Invitation, User).join(User, User.id == Invitation.user_id).order_by(Invitation.id.desc())
        if page.after is not None:
            chosen = chosen.where(Invitation.id < page.after[0])
        return [(invitation, user) for invitation, user in await self._session.execute(chosen.limit(page.limit))]

    async def locked(self, invitation_id: UUID) -> tuple[Invitation, User] | None:
        """An invitation with its person, whatever has become of it; nobody else changes it meanwhile."""
        chosen = select(Invitation, User).join(User, User.id == Invitation.user_id)
        found = (
            await self._session.execute(chosen.where(Invitation.id == invitation_id).with_for_update())
        ).one_or_none()
        return (found[0], found[1]) if found else None

    async def invited(self, invitation_id: UUID) -> User | None:
        """Whom an invitation is for, whatever has become of it."""
        chosen = select(User).join(Invitation, User.id == Invitation.user_id)
        return await self._session.scalar(chosen.where(Invitation.id == invitation_id))

    async def to_mail(self, invitation_id: UUID) -> User | None:
        """Whom an invitation is for, if it is open and they have not come yet; not locked, since mailing takes time."""
        chosen = select(User).join(Invitation, User.id == Invitation.user_id)
        chosen = chosen.where(Invitation.id == invitation_id, User.status == UserStatus.INVITED, *_open())
        return await self._session.scalar(chosen)

    async def claimable(self, invitation_id: UUID) -> tuple[Invitation, User] | None:
        """An open invitation with its person, locked until the transaction ends."""
        chosen = (
            select(Invitation, User)
            .join(User, User.id == Invitation.user_id)
            .where(Invitation.id == invitation_id, *_open())
            .with_for_update()
        )
        found = (await self._session.execute(chosen)).one_or_none()
        return (found[0], found[1]) if found else None

    async def all_open_of(self, user_id: UUID) -> Sequence[Invitation]:
        """The open invitations of a person, the latest first, locked until the transaction ends."""
        chosen = select(Invitation).where(Invitation.user_id == user_id, *_open()).order_by(Invitation.id.desc())
        return (await self._session.scalars(chosen.with_for_update())).all()

    async def open_of(self, user_id: UUID) -> Invitation | None:
        """The latest open invitation of a person, locked until the transaction ends."""
        chosen = select(Invitation).where(Invitation.user_id == user_id, *_open()).order_by(Invitation.id.desc())
        return await self._session.scalar(chosen.limit(1).with_for_update())


def _open() -> Sequence[ColumnElement[bool]]:
    return (
        Invitation.claimed_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > datetime.now(UTC),
    )
