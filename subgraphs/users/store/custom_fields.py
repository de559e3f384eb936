"""Statements about the fields that a tenant defines."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.users.models import CustomFieldDefinition


class CustomFieldStore:
    """Definitions of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def all(self) -> Sequence[CustomFieldDefinition]:
        """In the order of their keys."""
        return (await self._session.scalars(select(CustomFieldDefinition).order_by(CustomFieldDefinition.key))).all()

    async def by_key(self) -> Mapping[str, CustomFieldDefinition]:
        return {definition.key: definition for definition in await self.all()}

    async def count(self) -> int:
        return await self._session.scalar(select(func.count()).select_from(CustomFieldDefinition)) or 0

    async def locked(self, key: str) -> CustomFieldDefinition | None:
        """The definition, which nobody else changes until the transaction ends."""
        chosen = select(CustomFieldDefinition).where(CustomFieldDefinition.key == key)
        return await self._session.scalar(chosen.with_for_update())

    async def add(self, key: str, *, label: str, kind: str) -> CustomFieldDefinition | None:
        """Insert a definition; None if the key is taken."""
        added = insert(CustomFieldDefinition).values(key=key, label=label, kind=kind)
        return await self._session.scalar(added.on_conflict_do_nothing().returning(CustomFieldDefinition))
