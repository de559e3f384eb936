"""Statements about addresses that people may come back to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.users.models import KeptAddress


class KeptAddressStore:
    """Of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def keep(self, email: str, user_id: UUID, until: datetime) -> None:
        """Keep an address for a person, who was its last."""
        kept = insert(KeptAddress).values(email=email, user_id=user_id, kept_until=until)
        changed = {"user_id": user_id, "kept_until": until}
        await self._session.execute(kept.on_conflict_do_update(index_elements=[KeptAddress.email], set_=changed))

    async def is_kept(self, email: str, now: datetime) -> bool:
        chosen = select(KeptAddress.email).where(KeptAddress.email == email, KeptAddress.kept_until > now)
        return await self._session.scalar(chosen) is not None

    async def forget(self, now: datetime) -> None:
        """Drop those that are kept no more."""
        await self._session.execute(delete(KeptAddress).where(KeptAddress.kept_until <= now))
