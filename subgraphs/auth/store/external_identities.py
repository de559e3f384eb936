"""Statements about what identity providers call the people of a tenant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from shared.database import TenantSession
from subgraphs.auth.models.identity_providers import FederatedIdentity, IdentityProvider


class ExternalIdentityStore:
    """Of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def of(self, user_id: UUID) -> Sequence[tuple[IdentityProvider, FederatedIdentity]]:
        """A person's, by the aliases of the providers."""
        chosen = (
            select(IdentityProvider, FederatedIdentity)
            .join(FederatedIdentity, FederatedIdentity.provider_id == IdentityProvider.id)
            .where(FederatedIdentity.user_id == user_id)
            .order_by(IdentityProvider.alias)
        )
        return [(provider, identity) for provider, identity in (await self._session.execute(chosen)).all()]

    async def remove(self, provider_id: UUID, user_id: UUID) -> bool:
        """Whether there was one."""
        gone = delete(FederatedIdentity).where(
            FederatedIdentity.provider_id == provider_id, FederatedIdentity.user_id == user_id
        )
        return bool((await self._session.scalars(gone.returning(FederatedIdentity.subject))).all())

    async def remove_newer(self, user_id: UUID, since: datetime) -> None:
        """Forget what providers have called a person since then."""
        newer = delete(FederatedIdentity).where(
            FederatedIdentity.user_id == user_id, FederatedIdentity.created_at >= since
        )
        await self._session.execute(newer)
