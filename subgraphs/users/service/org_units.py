"""What can be done with the tree of org units, and when it is refused."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import NotFound, VersionConflict
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.users.errors import CodeTaken, OrgUnitInUse, OrgUnitIsBelow, TreeTooLarge
from subgraphs.users.events import OrgUnitDeleted, OrgUnitMembersChanged, OrgUnitPlaced
from subgraphs.users.models import OrgUnit, OrgUnitMember
from subgraphs.users.service import members
from subgraphs.users.service.places import require_at
from subgraphs.users.store.memberships import MemberStore
from subgraphs.users.store.org_units import OrgUnitStore

MANAGER: Final = "users:manage"
MAX_CHILDREN: Final = 500
"""Of one unit: they are listed without pages."""
MAX_DEPTH: Final = 32
"""Levels of the tree."""


async def create(
    session: TenantSession, attempt: Attempt, *, name: str, code: str | None, parent_id: UUID | None
) -> OrgUnit:
    """Add a unit below another one, or a root.

    Raises:
        Forbidden: the caller does not manage people at the parent; for a root, in the whole tenant.
        NotFound: there is no such parent.
        CodeTaken: another unit has the code.
        TreeTooLarge: the parent has as many units below it as it may have, or is as deep as it may be.
    """
    await require_at(session, MANAGER, parent_id)

    async def perform() -> UUID:
        store = OrgUnitStore(session)
        await store.lock_tree()
        await _check_place(session, parent_id, height=0)
        if code is not None and await store.by_codes([code]):
            raise CodeTaken(path=("input", "code"))
        unit = OrgUnit(name=name, code=code, parent_id=parent_id)
        await store.add(unit)
        await _tell_place(session, unit)
        return unit.id

    return await _unit(session, await once(session, attempt, perform))


async def rename(
    session: TenantSession,
    attempt: Attempt,
    unit_id: UUID,
    *,
    name: str | None,
    code: str | None,
    expected_version: int | None,
) -> OrgUnit:
    """Change a unit's name or code; None leaves it.

    Raises:
        CodeTaken: another unit has the code.
    """
    await require_at(session, MANAGER, unit_id)

    async def perform() -> UUID:
        store = OrgUnitStore(session)
        await store.lock_tree()
        unit = await _unit(session, unit_id, expected_version)
        if code is not None and await store.is_code_of_another(code, unit_id):
            raise CodeTaken(path=("input", "code"))
        unit.name, unit.code = name or unit.name, code or unit.code
        unit.version += 1
        return unit_id

    return await _unit(session, await once(session, attempt, perform))


async def move(
    session: TenantSession,
    attempt: Attempt,
    unit_id: UUID,
    *,
    parent_id: UUID | None,
    expected_version: int | None,
) -> OrgUnit:
    """Hang a unit, with all that is below it, below another one, or make it a root.

    Raises:
        Forbidden: the caller does not manage people at both; for a root, in the whole tenant.
        OrgUnitIsBelow: the new parent is the unit itself or stands below it.
        TreeTooLarge: as for `create`.
    """
    await require_at(session, MANAGER, unit_id, parent_id)

    async def perform() -> UUID:
        store = OrgUnitStore(session)
        await store.lock_tree()
        unit = await _unit(session, unit_id, expected_version)
        if unit.parent_id == parent_id:
            return unit_id
        if parent_id is not None and await store.is_below(parent_id, unit_id):
            raise OrgUnitIsBelow(path=("input", "parentId"))
        await _check_place(session, parent_id, height=await store.height(unit_id))
        await store.move(unit_id, parent_id)
        unit.parent_id = parent_id
        unit.version += 1
        await _tell_place(session, unit)
        return unit_id

    return await _unit(session, await once(session, attempt, perform))


async def delete(session: TenantSession, attempt: Attempt, unit_id: UUID, *, expected_version: int | None) -> UUID:
    """Delete a unit that has nothing below it; its members stay people of the tenant.

    Raises:
        OrgUnitInUse: there are units below it.
    """
    await require_at(session, MANAGER, unit_id)

    async def perform() -> UUID:
        store = OrgUnitStore(session)
        await store.lock_tree()
        unit = await _unit(session, unit_id, expected_version)
        if await store.count_below(unit_id):
            raise OrgUnitInUse(path=("input", "id"))
        await MemberStore(session, OrgUnitMember).remove_all(unit_id)
        await store.remove(unit)
        record(session, OrgUnitDeleted(tenant_id=session.caller.tenant_id, org_unit_id=unit_id))
        return unit_id

    return await once(session, attempt, perform)


async def change_members(
    session: TenantSession, attempt: Attempt, unit_id: UUID, user_ids: Sequence[UUID], *, add: bool
) -> OrgUnit:
    """Put people into a unit, or take them out; who is in it already, or is not, stays so."""
    await require_at(session, MANAGER, unit_id)
    members.check_people(user_ids)

    async def perform() -> UUID:
        await _unit(session, unit_id)
        await set_members(session, unit_id, user_ids, add=add)
        return unit_id

    return await _unit(session, await once(session, attempt, perform))


async def set_members(session: TenantSession, unit_id: UUID, user_ids: Sequence[UUID], *, add: bool) -> None:
    """Put people into a unit that is there, or take them out, and tell it if that changes anything."""
    changed = await members.change(session, MemberStore(session, OrgUnitMember), unit_id, user_ids, add=add)
    if changed:
        added, removed = (changed, []) if add else ([], changed)
        tenant_id = session.caller.tenant_id
        record(session, OrgUnitMembersChanged(tenant_id=tenant_id, org_unit_id=unit_id, added=added, removed=removed))


async def _check_place(session: TenantSession, parent_id: UUID | None, *, height: int) -> None:
    """Refuse a place for a subtree of that many further levels; the tree is locked."""
    store = OrgUnitStore(session)
    if await store.count_below(parent_id) >= MAX_CHILDREN:
        raise TreeTooLarge(path=("input", "parentId"))
    if parent_id is None:
        return
    await _unit(session, parent_id)
    if await store.depth(parent_id) + 1 + height >= MAX_DEPTH:
        raise TreeTooLarge(path=("input", "parentId"))


async def _tell_place(session: TenantSession, unit: OrgUnit) -> None:
    above = (await OrgUnitStore(session).ancestors([unit.id])).get(unit.id, ())
    record(
        session,
        OrgUnitPlaced(
            tenant_id=session.caller.tenant_id,
            org_unit_id=unit.id,
            parent_id=unit.parent_id,
            ancestor_ids=[ancestor.id for ancestor in above],
        ),
    )


async def _unit(session: TenantSession, unit_id: UUID, expected_version: int | None = None) -> OrgUnit:
    unit = await OrgUnitStore(session).get(unit_id)
    if unit is None:
        raise NotFound("There is no such org unit")
    if expected_version is not None and unit.version != expected_version:
        raise VersionConflict(path=("input", "expectedVersion"))
    return unit
