"""Every statement about service accounts."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.auth.models import ServiceAccount


class ServiceAccountStore:
    """Service accounts of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, account_id: UUID, *, name: str, role: str, created_by: UUID) -> bool:
        """Insert one; false if the name is taken."""
        added = insert(ServiceAccount).values(id=account_id, name=name, role=role, created_by=created_by)
        added = added.on_conflict_do_nothing(index_elements=[ServiceAccount.name]).returning(ServiceAccount.id)
        return await self._session.scalar(added) is not None

    async def get(self, account_id: UUID) -> ServiceAccount | None:
        return await self._session.get(ServiceAccount, account_id)

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, ServiceAccount]:
        found = await self._session.scalars(select(ServiceAccount).where(ServiceAccount.id.in_(ids)))
        return {account.id: account for account in found}

    async def page(self, page: PageRequest[tuple[UUID]]) -> Sequence[ServiceAccount]:
        """Newest first."""
        chosen = select(ServiceAccount).order_by(ServiceAccount.id.desc()).limit(page.limit)
        if page.after is not None:
            chosen = chosen.where(ServiceAccount.id < page.after[0])
        return (await self._session.scalars(chosen)).all()

    async def locked(self, account_id: UUID) -> ServiceAccount | None:
        """The account, which nobody else may change until the transaction ends."""
        chosen = select(ServiceAccount).where(ServiceAccount.id == account_id).with_for_update()
        return await self._session.scalar(chosen)
