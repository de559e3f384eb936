"""Statements about groups."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import Group


class GroupStore:
    """Groups of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, group_id: UUID, *, name: str, description: str) -> bool:
        """False if another group has the name."""
        added = insert(Group).values(id=group_id, name=name, description=description)
        return await self._session.scalar(added.on_conflict_do_nothing().returning(Group.id)) is not None

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, Group]:
        found = await self._session.scalars(select(Group).where(Group.id.in_(ids)))
        return {group.id: group for group in found}

    async def locked(self, group_id: UUID) -> Group | None:
        """The group, which nobody else changes until the transaction ends."""
        return await self._session.scalar(select(Group).where(Group.id == group_id).with_for_update())

    async def page(self, page: PageRequest[tuple[str, UUID]]) -> Sequence[Group]:
        """In the order of names."""
        chosen = select(Group).order_by(Group.name, Group.id).limit(page.limit)
        if page.after is not None:
            name, id_ = page.after
            chosen = chosen.where((Group.name > name) | ((Group.name == name) & (Group.id > id_)))
        return (await self._session.scalars(chosen)).all()

    async def remove(self, group: Group) -> None:
        await self._session.delete(group)
        await self._session.flush()
