"""Every statement about addresses that people change."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from shared.database import TenantSession
from subgraphs.auth.models import EmailChange


class EmailChangeStore:
    """Changes of addresses in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def begin(self, change: EmailChange) -> UUID:
        """Keep one; those of the person that were not confirmed are forgotten."""
        waiting = delete(EmailChange).where(
            EmailChange.user_id == change.user_id, EmailChange.confirmed_at.is_(None), EmailChange.made_at.is_(None)
        )
        await self._session.execute(waiting)
        self._session.add(change)
        await self._session.flush()
        return change.id

    async def get(self, change_id: UUID) -> EmailChange | None:
        return await self._session.get(EmailChange, change_id)

    async def confirm(self, change_id: UUID, user_id: UUID, now: datetime) -> EmailChange | None:
        """Note that the person reads the new address, once; None if it is not theirs, or cannot be confirmed."""
        confirmed = (
            update(EmailChange)
            .where(
                EmailChange.id == change_id,
                EmailChange.user_id == user_id,
                EmailChange.confirmed_at.is_(None),
                EmailChange.undone_at.is_(None),
                EmailChange.expires_at > now,
            )
            .values(confirmed_at=now)
            .returning(EmailChange)
        )
        return await self._session.scalar(confirmed)

    async def made(self, user_id: UUID, email: str, now: datetime, *, undoable_until: datetime) -> EmailChange | None:
        """Note that an account has the address that its person has confirmed; None if they have not, or it had."""
        made = (
            update(EmailChange)
            .where(
                EmailChange.user_id == user_id,
                EmailChange.to_email == email,
                EmailChange.confirmed_at.is_not(None),
                EmailChange.made_at.is_(None),
                EmailChange.undone_at.is_(None),
            )
            .values(made_at=now, expires_at=undoable_until)
            .returning(EmailChange)
        )
        return (await self._session.scalars(made)).first()

    async def made_since(self, change: EmailChange) -> Sequence[EmailChange]:
        """That change and its person's later ones, the oldest first: those that were made and not undone."""
        chosen = select(EmailChange).where(
            EmailChange.user_id == change.user_id,
            EmailChange.id >= change.id,
            EmailChange.made_at.is_not(None),
            EmailChange.undone_at.is_(None),
        )
        return (await self._session.scalars(chosen.order_by(EmailChange.id))).all()

    async def undo(self, change_id: UUID, now: datetime) -> EmailChange | None:
        """Undo one that was made not too long ago, and all of the person's that came later; None if it cannot be."""
        chosen = select(EmailChange).where(
            EmailChange.id == change_id,
            EmailChange.made_at.is_not(None),
            EmailChange.undone_at.is_(None),
            EmailChange.expires_at > now,
        )
        undone = await self._session.scalar(chosen.with_for_update())
        if undone is None:
            return None
        with_it = update(EmailChange).where(EmailChange.user_id == undone.user_id, EmailChange.id >= undone.id)
        await self._session.execute(with_it.values(undone_at=now))
        return undone

    async def has_undone(self, user_id: UUID, email: str) -> bool:
        """Whether a person has come back to that address."""
        undone = select(EmailChange.id).where(
            EmailChange.user_id == user_id, EmailChange.from_email == email, EmailChange.undone_at.is_not(None)
        )
        return await self._session.scalar(undone.limit(1)) is not None

    async def forget(self, before: datetime) -> None:
        """Drop those with which nothing could be done since then."""
        await self._session.execute(delete(EmailChange).where(EmailChange.expires_at < before))
