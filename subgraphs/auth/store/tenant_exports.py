"""Statements about the pieces of archives of the session's tenant."""

from uuid import UUID

from sqlalchemy import delete, insert

from shared.data_keys import Protected
from shared.database import TenantSession
from subgraphs.auth.models.tenant_exports import TenantExportPiece


class TenantExportStore:
    """Of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, job_id: UUID, number: int, sealed: Protected) -> None:
        added = insert(TenantExportPiece).values(job_id=job_id, number=number, sealed_content=sealed)
        await self._session.execute(added)

    async def get(self, job_id: UUID, number: int) -> Protected | None:
        found = await self._session.get(TenantExportPiece, (job_id, number))
        return None if found is None else found.sealed_content

    async def clear(self, *, besides: UUID | None = None) -> None:
        """Drop all pieces, but those of one archive if it is told."""
        cleared = delete(TenantExportPiece)
        await self._session.execute(cleared if besides is None else cleared.where(TenantExportPiece.job_id != besides))

    async def drop(self, job_id: UUID) -> None:
        """Drop the pieces of one archive."""
        await self._session.execute(delete(TenantExportPiece).where(TenantExportPiece.job_id == job_id))
