"""Statements about providers that are spoken with by SAML, and about assertions that were used."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models.saml import SamlAssertion, SamlProvider


class SamlStore:
    """Of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def get(self, provider_id: UUID) -> SamlProvider | None:
        return await self._session.get(SamlProvider, provider_id)

    async def all(self) -> Mapping[UUID, SamlProvider]:
        """By the provider."""
        return {row.provider_id: row for row in (await self._session.scalars(select(SamlProvider))).all()}

    async def put(self, provider_id: UUID, values: Mapping[str, Any]) -> None:
        """Note how a provider is spoken with from now on; what is left out stays. The provider's row is locked."""
        changed = update(SamlProvider).where(SamlProvider.provider_id == provider_id).values(**values)
        if await self._session.scalar(changed.returning(SamlProvider.provider_id)) is None:
            await self._session.execute(insert(SamlProvider).values(provider_id=provider_id, **values))

    async def use(self, provider_id: UUID, hash_: bytes, ends_at: datetime) -> bool:
        """Note that an assertion is used; False if it was before, in whichever process."""
        used = insert(SamlAssertion).values(provider_id=provider_id, hash=hash_, ends_at=ends_at)
        added = await self._session.scalar(used.on_conflict_do_nothing().returning(SamlAssertion.hash))
        return added is not None

    async def forget(self, before: datetime) -> None:
        """Drop the assertions that counted until then."""
        await self._session.execute(delete(SamlAssertion).where(SamlAssertion.ends_at < before))
