"""Every statement about apps that have yet to be told that somebody has signed out."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select

from shared.database import TenantSession
from subgraphs.auth.models import OAuthApp, OAuthGrant, OAuthLogout

_AT_ONCE: Final = 50


class OAuthLogoutStore:
    """What apps of the session's tenant are owed."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def owe(self, session_ids: Sequence[UUID], now: datetime) -> None:
        """Note every app that knows of one of the sessions, by an ID token, and wants to be told of its end."""
        known = (OAuthGrant.session_id.in_(session_ids), OAuthGrant.scope.op("~")(r"\mopenid\M"))
        wants = (OAuthApp.removed_at.is_(None), OAuthApp.backchannel_logout_uri.is_not(None))
        chosen = select(OAuthGrant.app_id, OAuthGrant.user_id, OAuthGrant.session_id).distinct()
        found = await self._session.execute(
            chosen.join(OAuthApp, OAuthApp.id == OAuthGrant.app_id).where(*known, *wants)
        )
        for app_id, user_id, session_id in found:
            self._session.add(OAuthLogout(app_id=app_id, subject=str(user_id), session_id=session_id, next_at=now))

    async def due(self, now: datetime) -> Sequence[tuple[OAuthLogout, OAuthApp]]:
        """Some that are due, which no other worker takes until the transaction ends."""
        chosen = select(OAuthLogout, OAuthApp).join(OAuthApp, OAuthApp.id == OAuthLogout.app_id)
        ordered = chosen.where(OAuthLogout.next_at <= now).order_by(OAuthLogout.next_at).limit(_AT_ONCE)
        rows = await self._session.execute(ordered.with_for_update(of=OAuthLogout, skip_locked=True))
        return [(logout, app) for logout, app in rows]

    async def settle(self, ids: Sequence[UUID]) -> None:
        """Owe these no more."""
        await self._session.execute(delete(OAuthLogout).where(OAuthLogout.id.in_(ids)))

    async def next_at(self) -> datetime | None:
        """When the next one is due; None if nothing is owed."""
        return await self._session.scalar(select(func.min(OAuthLogout.next_at)))
