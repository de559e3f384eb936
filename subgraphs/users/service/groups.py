"""What can be done with groups, and when it is refused."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import NotFound, VersionConflict
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from subgraphs.users.errors import NameTaken
from subgraphs.users.events import GroupMembersChanged
from subgraphs.users.models import Group, GroupMember
from subgraphs.users.service import members
from subgraphs.users.store.groups import GroupStore
from subgraphs.users.store.memberships import MemberStore

MANAGER: Final = "users:manage"


async def create(session: TenantSession, attempt: Attempt, *, name: str, description: str) -> Group:
    """Make a group with nobody in it.

    Raises:
        NameTaken: another group has the name.
    """
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        group_id = uuid7()
        if not await GroupStore(session).add(group_id, name=name, description=description):
            raise NameTaken(path=("input", "name"))
        return group_id

    return await _group(session, await once(session, attempt, perform))


async def change_members(
    session: TenantSession, attempt: Attempt, group_id: UUID, user_ids: Sequence[UUID], *, add: bool
) -> Group:
    """Put people into a group, or take them out; who is in it already, or is not, stays so."""
    session.caller.require(MANAGER)
    members.check_people(user_ids)

    async def perform() -> UUID:
        group = await _locked(session, group_id)
        changed = await members.change(session, MemberStore(session, GroupMember), group_id, user_ids, add=add)
        if changed:
            group.version += 1
            added, removed = (changed, []) if add else ([], changed)
            tenant_id = session.caller.tenant_id
            record(session, GroupMembersChanged(tenant_id=tenant_id, group_id=group_id, added=added, removed=removed))
        return group_id

    return await _group(session, await once(session, attempt, perform))


async def delete(session: TenantSession, attempt: Attempt, group_id: UUID, *, expected_version: int | None) -> UUID:
    """Delete a group; its members stay people of the tenant."""
    session.caller.require(MANAGER)

    async def perform() -> UUID:
        group = await _locked(session, group_id)
        if expected_version is not None and group.version != expected_version:
            raise VersionConflict(path=("input", "expectedVersion"))
        await MemberStore(session, GroupMember).remove_all(group_id)
        await GroupStore(session).remove(group)
        return group_id

    return await once(session, attempt, perform)


async def _locked(session: TenantSession, group_id: UUID) -> Group:
    group = await GroupStore(session).locked(group_id)
    if group is None:
        raise NotFound("There is no such group")
    return group


async def _group(session: TenantSession, group_id: UUID) -> Group:
    group = (await GroupStore(session).by_ids([group_id])).get(group_id)
    if group is None:
        raise NotFound("There is no such group")
    return group
