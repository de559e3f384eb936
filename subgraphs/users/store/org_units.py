"""Statements about the tree of org units."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import aliased

from shared.database import TenantSession
from shared.graphql.pagination import PageRequest
from subgraphs.users.models import OrgUnit, OrgUnitPath

_LOCKED: Final = "org-units:"


class OrgUnitStore:
    """Org units of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def lock_tree(self) -> None:
        """Let nobody else change the tree until the transaction ends: two moves at once could make a circle."""
        key = func.hashtextextended(f"{_LOCKED}{self._session.caller.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(key)))

    async def add(self, unit: OrgUnit) -> None:
        """Insert a unit below its parent."""
        self._session.add(unit)
        await self._session.flush()
        above = select(literal(unit.id), OrgUnitPath.ancestor_id, OrgUnitPath.distance + 1)
        await self._session.execute(insert(OrgUnitPath).values(descendant_id=unit.id, ancestor_id=unit.id, distance=0))
        if unit.parent_id is not None:
            inherited = above.where(OrgUnitPath.descendant_id == unit.parent_id)
            await self._session.execute(insert(OrgUnitPath).from_select(_COLUMNS, inherited))

    async def get(self, unit_id: UUID) -> OrgUnit | None:
        return await self._session.get(OrgUnit, unit_id)

    async def by_ids(self, ids: Sequence[UUID]) -> Mapping[UUID, OrgUnit]:
        found = await self._session.scalars(select(OrgUnit).where(OrgUnit.id.in_(ids)))
        return {unit.id: unit for unit in found}

    async def by_codes(self, codes: Sequence[str]) -> Mapping[str, OrgUnit]:
        found = await self._session.scalars(select(OrgUnit).where(OrgUnit.code.in_(codes)))
        return {unit.code: unit for unit in found if unit.code is not None}

    async def is_code_of_another(self, code: str, unit_id: UUID) -> bool:
        chosen = select(OrgUnit.id).where(OrgUnit.code == code, OrgUnit.id != unit_id)
        return await self._session.scalar(chosen) is not None

    async def is_below(self, unit_id: UUID, other_id: UUID) -> bool:
        """Tell whether a unit is another one or stands somewhere below it."""
        chosen = select(OrgUnitPath.distance)
        chosen = chosen.where(OrgUnitPath.descendant_id == unit_id, OrgUnitPath.ancestor_id == other_id)
        return await self._session.scalar(chosen) is not None

    async def depth(self, unit_id: UUID) -> int:
        """How many units stand above it."""
        chosen = select(func.max(OrgUnitPath.distance)).where(OrgUnitPath.descendant_id == unit_id)
        return await self._session.scalar(chosen) or 0

    async def height(self, unit_id: UUID) -> int:
        """How many levels stand below it."""
        chosen = select(func.max(OrgUnitPath.distance)).where(OrgUnitPath.ancestor_id == unit_id)
        return await self._session.scalar(chosen) or 0

    async def count_below(self, parent_id: UUID | None) -> int:
        """How many children a unit has, or how many roots there are."""
        chosen = select(func.count()).where(OrgUnit.parent_id.is_not_distinct_from(parent_id))
        return await self._session.scalar(chosen) or 0

    async def move(self, unit_id: UUID, parent_id: UUID | None) -> None:
        """Hang the paths of a subtree elsewhere; the tree is locked, and the new parent is not within the subtree."""
        within = select(OrgUnitPath.descendant_id).where(OrgUnitPath.ancestor_id == unit_id)
        cut = delete(OrgUnitPath).where(OrgUnitPath.descendant_id.in_(within), OrgUnitPath.ancestor_id.not_in(within))
        await self._session.execute(cut.execution_options(synchronize_session=False))
        if parent_id is None:
            return
        below, above = aliased(OrgUnitPath), aliased(OrgUnitPath)
        every_pair = select(below.descendant_id, above.ancestor_id, below.distance + above.distance + 1)
        joined = every_pair.join(above, above.descendant_id == parent_id).where(below.ancestor_id == unit_id)
        await self._session.execute(insert(OrgUnitPath).from_select(_COLUMNS, joined))

    async def remove(self, unit: OrgUnit) -> None:
        """Delete a unit that has nothing below it and nobody in it."""
        await self._session.execute(delete(OrgUnitPath).where(OrgUnitPath.descendant_id == unit.id))
        await self._session.delete(unit)
        await self._session.flush()

    async def roots(self, page: PageRequest[tuple[str, UUID]]) -> Sequence[OrgUnit]:
        """In the order of names."""
        chosen = select(OrgUnit).where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.name, OrgUnit.id)
        if page.after is not None:
            name, id_ = page.after
            chosen = chosen.where((OrgUnit.name > name) | ((OrgUnit.name == name) & (OrgUnit.id > id_)))
        return (await self._session.scalars(chosen.limit(page.limit))).all()

    async def children(self, parent_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OrgUnit]]:
        """Each one's, in the order of names."""
        chosen = select(OrgUnit).where(OrgUnit.parent_id.in_(parent_ids)).order_by(OrgUnit.name, OrgUnit.id)
        found: dict[UUID, list[OrgUnit]] = {}
        for unit in await self._session.scalars(chosen):
            if unit.parent_id is not None:
                found.setdefault(unit.parent_id, []).append(unit)
        return found

    async def ancestors(self, unit_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[OrgUnit]]:
        """Each one's, from the root down to the parent."""
        chosen = (
            select(OrgUnitPath.descendant_id, OrgUnit)
            .join(OrgUnit, OrgUnit.id == OrgUnitPath.ancestor_id)
            .where(OrgUnitPath.descendant_id.in_(unit_ids), OrgUnitPath.distance > 0)
            .order_by(OrgUnitPath.descendant_id, OrgUnitPath.distance.desc())
        )
        found: dict[UUID, list[OrgUnit]] = {}
        for unit_id, ancestor in await self._session.execute(chosen):
            found.setdefault(unit_id, []).append(ancestor)
        return found


_COLUMNS: Final = ["descendant_id", "ancestor_id", "distance"]
