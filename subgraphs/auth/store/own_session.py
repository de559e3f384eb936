"""Whether a caller has signed in themselves."""

from uuid import UUID

from sqlalchemy import func, or_, select

from shared.database import TenantSession
from subgraphs.auth.models import SignInSession


class OwnSessionStore:
    """Sessions that people of the session's tenant have opened."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def is_open(self, session_id: UUID, user_id: UUID) -> bool:
        """Whether it is a session of that person, and goes on."""
        chosen = select(SignInSession.id).where(
            SignInSession.id == session_id,
            SignInSession.user_id == user_id,
            SignInSession.ended_at.is_(None),
            or_(SignInSession.expires_at.is_(None), SignInSession.expires_at > func.now()),
        )
        return await self._session.scalar(chosen) is not None
