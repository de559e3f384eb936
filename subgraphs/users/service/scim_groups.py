"""What provisioning clients do with groups, which are the tenant's own: people are put in and taken out."""

import asyncio
from typing import Any
from uuid import UUID

from scim2_models import (
    InvalidValueException,
    Message,
    NotFoundException,
    PatchOp,
    Path,
    SearchRequest,
    TooManyException,
    UniquenessException,
)

from shared import checks
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput
from shared.events import record
from shared.ids import uuid7
from subgraphs.users.events import GroupMembersChanged
from subgraphs.users.models import GroupMember
from subgraphs.users.service.scim import (
    Change,
    Directory,
    answer_list,
    check_version,
    list_response,
    one_at_a_time,
    patching,
    read_id,
    replacing,
    wanted_of,
)
from subgraphs.users.service.scim_resources import MOST_MEMBERS, Group, shown_group
from subgraphs.users.store.groups import GroupStore
from subgraphs.users.store.memberships import MemberStore
from subgraphs.users.store.people import UserStore
from subgraphs.users.store.scim import GroupRow, ProvisionedGroupStore


async def list_groups(directory: Directory, asked: SearchRequest[Group]) -> Message:
    """A page of the groups that match a filter, with their members unless those are left out.

    Raises:
        TooManyException: they have too many members together.
    """
    wanted = wanted_of(asked, Group)
    async with directory.desk.sessions.read(directory.caller) as session:
        store = ProvisionedGroupStore(session)
        total = await store.count(wanted.where)
        rows = await store.page(wanted) if wanted.limit > 1 else list[GroupRow]()
        ids = [group.id for group, _ in rows] if _with_members(asked) else []
        members = await store.members(ids, most=MOST_MEMBERS)
    if members is None:
        raise TooManyException(detail=f"More than {MOST_MEMBERS} members: leave them out, or ask for fewer groups")
    found = [shown_group(directory.base, row, members.get(row[0].id, ())) for row in rows]
    return list_response(Group, answer_list(asked, wanted, found, total))


async def get_group(directory: Directory, id_: str, asked: SearchRequest[Group]) -> Group:
    """A group, with its members unless those are left out.

    Raises:
        NotFoundException: there is none of that id.
        TooManyException: it has too many members to be told at once.
    """
    async with directory.desk.sessions.read(directory.caller) as session:
        return await _shown(directory, session, read_id(id_), members=_with_members(asked))


async def create_group(directory: Directory, wanted: Group) -> Group:
    """Make a group.

    Raises:
        UniquenessException: another one has its name or external id.
        InvalidValueException: something said cannot be, or a member is nobody.
    """
    name = _name(wanted)
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        await one_at_a_time(session)
        group_id = uuid7()
        if not await GroupStore(session).add(group_id, name=name, description=""):
            raise UniquenessException(detail="Another group has this name")
        await _keep_external_id(session, group_id, wanted)
        await _set_members(directory, session, group_id, set(), _members_of(wanted))
        return await _shown(directory, session, group_id)


async def replace_group(directory: Directory, id_: str, wanted: Group, if_match: str | None) -> Group:
    """Make a group what a client says.

    Raises:
        NotFoundException, UniquenessException, InvalidValueException, TooManyException: as above.
        PreconditionFailedException: it has been changed since.
    """
    return await _change(directory, id_, if_match, replacing(wanted))


async def patch_group(directory: Directory, id_: str, patch: PatchOp[Group], if_match: str | None) -> Group:
    """Change a group, and who is in it.

    Raises:
        As above, and SCIMException: an operation cannot be done; then none is.
    """
    return await _change(directory, id_, if_match, patching(patch))


async def delete_group(directory: Directory, id_: str, if_match: str | None) -> None:
    """Delete a group; its members stay people of the tenant.

    Raises:
        NotFoundException, PreconditionFailedException: as above.
    """
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        group, _ = await _locked(session, id_, if_match)
        await MemberStore(session, GroupMember).remove_all(group.id)
        await GroupStore(session).remove(group)


async def _change(directory: Directory, id_: str, if_match: str | None, change: Change[Group]) -> Group:
    async with unit_of_work(directory.desk.sessions, directory.caller) as session:
        await one_at_a_time(session)
        group, _ = await _locked(session, id_, if_match)
        present = await _shown(directory, session, group.id)
        before = _members_of(present)
        changed = await asyncio.to_thread(change, present)  # thousands of members take their time
        if changed is None:
            return present
        name = _name(changed)
        if await ProvisionedGroupStore(session).is_name_of_another(name, group.id):
            raise UniquenessException(detail="Another group has this name")
        group.name = name
        group.version += 1
        await session.flush()
        await _keep_external_id(session, group.id, changed)
        await _set_members(directory, session, group.id, before, _members_of(changed))
        return await _shown(directory, session, group.id)


async def _locked(session: TenantSession, id_: str, if_match: str | None) -> GroupRow:
    row = await ProvisionedGroupStore(session).locked(read_id(id_))
    if row is None:
        raise NotFoundException
    check_version(if_match, row[0].version)
    return row


async def _shown(directory: Directory, session: TenantSession, group_id: UUID, *, members: bool = True) -> Group:
    store = ProvisionedGroupStore(session)
    row = await store.get(group_id)
    if row is None:
        raise NotFoundException
    found = await store.members([group_id] if members else [], most=MOST_MEMBERS)
    if found is None:
        raise TooManyException(detail=f"The group has more than {MOST_MEMBERS} members: leave them out")
    return shown_group(directory.base, row, found.get(group_id, ()))


async def _keep_external_id(session: TenantSession, group_id: UUID, wanted: Group) -> None:
    try:
        external_id = None if wanted.external_id is None else checks.text(wanted.external_id, field="externalId")
    except BadUserInput as error:
        raise InvalidValueException(detail=error.message) from error
    if not await ProvisionedGroupStore(session).set_external_id(group_id, external_id):
        raise UniquenessException(detail="Another group has this external id")


async def _set_members(
    directory: Directory, session: TenantSession, group_id: UUID, before: set[UUID], after: set[UUID]
) -> None:
    """Put in who is new, and take out who is not there any more."""
    if len(after) > MOST_MEMBERS:
        raise TooManyException(detail=f"A group that is provisioned may have {MOST_MEMBERS} members")
    if after - before - await UserStore(session).known(after - before):
        raise InvalidValueException(detail="A member is nobody here")
    store = MemberStore(session, GroupMember)
    added = await store.add(group_id, sorted(after - before)) if after - before else []
    removed = await store.remove(group_id, before - after) if before - after else []
    if added or removed:
        told = GroupMembersChanged(
            tenant_id=directory.caller.tenant_id, group_id=group_id, added=added, removed=removed
        )
        record(session, told)


def _members_of(group: Group) -> set[UUID]:
    found: set[UUID] = set()
    for member in group.members or ():
        try:
            found.add(UUID(member.value or ""))
        except ValueError as error:
            raise InvalidValueException(detail="A member is nobody here") from error
    return found


def _name(wanted: Group) -> str:
    try:
        return checks.text(wanted.display_name or "", field="displayName")
    except BadUserInput as error:
        raise InvalidValueException(detail=error.message) from error


def _with_members(asked: SearchRequest[Group]) -> bool:
    """Whether the answer has members, which may be many."""
    if asked.attributes:
        return any(_head(path) == "members" for path in asked.attributes)
    return not any(str(path).rpartition(":")[2].lower() == "members" for path in asked.excluded_attributes or ())


def _head(path: Path[Any]) -> str:
    """The attribute that a path is about, without its schema and its part."""
    return str(path).rpartition(":")[2].partition(".")[0].lower()
