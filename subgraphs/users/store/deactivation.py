"""Statements about people who are deactivated."""

from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.users.models import Deactivation, UserStatus


class DeactivationStore:
    """Deactivations of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def begin(self, user_id: UUID, was: str) -> None:
        """Note it, in place of what is there of another person who has become this one."""
        added = insert(Deactivation).values(user_id=user_id, was=was)
        changed = added.on_conflict_do_update(
            index_elements=[Deactivation.user_id], set_={"was": was, "at": func.now()}
        )
        await self._session.execute(changed)

    async def end(self, user_id: UUID) -> UserStatus | None:
        """What the person was before; None if they are not deactivated."""
        ended = delete(Deactivation).where(Deactivation.user_id == user_id).returning(Deactivation.was)
        was = await self._session.scalar(ended)
        return None if was is None else UserStatus(was)
