"""Every statement about proofs that have been used."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models import OAuthUsedProof


class OAuthProofStore:
    """Proofs in the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def use(self, digest: bytes, expires_at: datetime) -> bool:
        """Use a proof; False if it was used before, by whichever process."""
        row = insert(OAuthUsedProof).values(digest=digest, expires_at=expires_at).on_conflict_do_nothing()
        return await self._session.scalar(row.returning(OAuthUsedProof.digest)) is not None

    async def forget(self, now: datetime) -> None:
        """Drop those that are refused anyway."""
        await self._session.execute(delete(OAuthUsedProof).where(OAuthUsedProof.expires_at <= now))
