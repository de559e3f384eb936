"""Every statement about OAuth apps and their secrets."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.auth.models import OAuthApp, OAuthAppSecret, OAuthRegistrationToken


class OAuthAppStore:
    """OAuth apps of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, app: OAuthApp) -> None:
        self._session.add(app)
        await self._session.flush()

    async def get(self, app_id: UUID) -> OAuthApp | None:
        """An app, unless it was removed."""
        return await self._session.scalar(select(OAuthApp).where(OAuthApp.id == app_id, OAuthApp.removed_at.is_(None)))

    async def locked(self, app_id: UUID) -> OAuthApp | None:
        """The same, which nobody else may change until the transaction ends."""
        chosen = select(OAuthApp).where(OAuthApp.id == app_id, OAuthApp.removed_at.is_(None))
        return await self._session.scalar(chosen.with_for_update())

    async def by_ids(self, app_ids: Sequence[UUID]) -> Sequence[OAuthApp]:
        """Apps, those that were removed as well."""
        return (await self._session.scalars(select(OAuthApp).where(OAuthApp.id.in_(app_ids)))).all()

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[OAuthApp]:
        """Newest first."""
        chosen = select(OAuthApp).where(OAuthApp.removed_at.is_(None)).order_by(OAuthApp.id.desc()).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(OAuthApp.id < page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def add_secret(self, app_id: UUID, digest: bytes) -> None:
        self._session.add(OAuthAppSecret(app_id=app_id, hash=digest))
        await self._session.flush()

    async def secrets(self, app_id: UUID, now: datetime) -> Sequence[bytes]:
        """The hashes of the secrets that are good now."""
        good = or_(OAuthAppSecret.expires_at.is_(None), OAuthAppSecret.expires_at > now)
        return (
            await self._session.scalars(
                select(OAuthAppSecret.hash).where(OAuthAppSecret.app_id == app_id, good).order_by(OAuthAppSecret.id)
            )
        ).all()

    async def end_secrets(self, app_id: UUID, at: datetime) -> None:
        """Let an app's secrets be good until then, and no longer than they are."""
        longer = or_(OAuthAppSecret.expires_at.is_(None), OAuthAppSecret.expires_at > at)
        chosen = update(OAuthAppSecret).where(OAuthAppSecret.app_id == app_id, longer)
        await self._session.execute(chosen.values(expires_at=at))


class OAuthRegistrationStore:
    """Tokens with which software registers itself with the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, token: OAuthRegistrationToken) -> None:
        self._session.add(token)
        await self._session.flush()

    async def locked(self, digest: bytes, now: datetime) -> OAuthRegistrationToken | None:
        """One that is good now, which nobody else may use until the transaction ends."""
        good = (OAuthRegistrationToken.expires_at > now, OAuthRegistrationToken.uses_left > 0)
        chosen = select(OAuthRegistrationToken).where(OAuthRegistrationToken.hash == digest, *good)
        return await self._session.scalar(chosen.with_for_update())

    async def remove(self, token_id: UUID) -> bool:
        """Let a token be good no more; tells whether there was one."""
        gone = delete(OAuthRegistrationToken).where(OAuthRegistrationToken.id == token_id)
        return await self._session.scalar(gone.returning(OAuthRegistrationToken.id)) is not None

    async def forget(self, now: datetime) -> None:
        """Drop those that are good no more."""
        over = or_(OAuthRegistrationToken.expires_at <= now, OAuthRegistrationToken.uses_left <= 0)
        await self._session.execute(delete(OAuthRegistrationToken).where(over))
