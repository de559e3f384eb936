"""Every statement about devices that wait for somebody's consent."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models import OAuthDeviceRequest


class OAuthDeviceStore:
    """Devices of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(
        self,
        app_id: UUID,
        scope: str,
        *,
        digest: bytes,
        user_code_digest: bytes,
        expires_at: datetime,
        interval_seconds: int,
    ) -> bool:
        """Let a device wait; False if another one shows the same code."""
        row = insert(OAuthDeviceRequest).values(
            hash=digest,
            user_code_digest=user_code_digest,
            app_id=app_id,
            scope=scope,
            expires_at=expires_at,
            interval_seconds=interval_seconds,
        )
        added = row.on_conflict_do_nothing(index_elements=[OAuthDeviceRequest.user_code_digest])
        return await self._session.scalar(added.returning(OAuthDeviceRequest.hash)) is not None

    async def waiting(self, app_id: UUID, now: datetime) -> int:
        """How many devices of an app wait."""
        chosen = select(func.count()).where(OAuthDeviceRequest.app_id == app_id, OAuthDeviceRequest.expires_at > now)
        return await self._session.scalar(chosen) or 0

    async def locked(self, digest: bytes) -> OAuthDeviceRequest | None:
        """By the code that the device keeps; nobody else does anything with it until the transaction ends."""
        chosen = select(OAuthDeviceRequest).where(OAuthDeviceRequest.hash == digest)
        return await self._session.scalar(chosen.with_for_update())

    async def undecided(self, user_code_digest: bytes, now: datetime) -> OAuthDeviceRequest | None:
        """By the code that it shows, while nobody has decided; likewise."""
        chosen = select(OAuthDeviceRequest).where(
            OAuthDeviceRequest.user_code_digest == user_code_digest,
            OAuthDeviceRequest.expires_at > now,
            OAuthDeviceRequest.approved.is_(None),
        )
        return await self._session.scalar(chosen.with_for_update())

    async def remove(self, digest: bytes) -> None:
        await self._session.execute(delete(OAuthDeviceRequest).where(OAuthDeviceRequest.hash == digest))

    async def forget(self, now: datetime) -> None:
        """Drop those that nobody can decide about any more."""
        await self._session.execute(delete(OAuthDeviceRequest).where(OAuthDeviceRequest.expires_at <= now))
