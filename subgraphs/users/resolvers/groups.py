"""The root fields about groups: unpack, call, wrap."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import parse_id, parse_ids
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import groups as service
from subgraphs.users.service.people import READER
from subgraphs.users.store.groups import GroupStore
from subgraphs.users.types.groups import (
    CreateGroupInput,
    DeleteGroupInput,
    DeletionPayload,
    Group,
    GroupMembersInput,
    GroupPayload,
)

_BY_NAME = Keyset(tuple[str, UUID])
_LONGEST_DESCRIPTION = 2000
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The group's.")]


@strawberry.type
class GroupQuery:
    @strawberry.field(description="A group. Needs users:read.")
    async def group(self, info: Info, id: _Id) -> Group | None:
        info.context.caller.require(READER)
        row = await info.context.loaders.group_by_id.load(parse_id(id))
        return Group.of(row) if row else None

    @strawberry.field(description="The groups, in the order of their names. Needs users:read.")
    async def groups(self, info: Info, first: First = 20, after: After = None) -> Connection[Group] | None:
        info.context.caller.require(READER)
        page = _BY_NAME.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await GroupStore(session).page(page)
        return connect(rows, page, node=Group.of, cursor=lambda row: _BY_NAME.cursor((row.name, row.id)))


@strawberry.type
class GroupMutation:
    @strawberry.mutation(extensions=[Refusals(GroupPayload)], description="Make a group. Needs users:manage.")
    async def create_group(self, info: Info, input: CreateGroupInput) -> GroupPayload | None:
        description = (
            checks.text(input.description, field="description", longest=_LONGEST_DESCRIPTION, lines=True)
            if input.description
            else ""
        )
        name = checks.text(input.name, field="name")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.create(session, input.attempt("createGroup"), name=name, description=description)
        return GroupPayload(group=Group.of(row))

    @strawberry.mutation(
        extensions=[Refusals(GroupPayload)],
        description="Put people into a group; who is in it already stays so. Needs users:manage.",
    )
    async def add_group_members(self, info: Info, input: GroupMembersInput) -> GroupPayload | None:
        return await _change_members(info, input, "addGroupMembers", add=True)

    @strawberry.mutation(
        extensions=[Refusals(GroupPayload)],
        description="Take people out of a group; who is not in it stays so. Needs users:manage.",
    )
    async def remove_group_members(self, info: Info, input: GroupMembersInput) -> GroupPayload | None:
        return await _change_members(info, input, "removeGroupMembers", add=False)

    @strawberry.mutation(extensions=[Refusals(DeletionPayload)], description="Delete a group. Needs users:manage.")
    async def delete_group(self, info: Info, input: DeleteGroupInput) -> DeletionPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            deleted = await service.delete(
                session, input.attempt("deleteGroup"), parse_id(input.id), expected_version=input.expected_version
            )
        return DeletionPayload(deleted_id=strawberry.ID(str(deleted)))


async def _change_members(info: Info, input: GroupMembersInput, operation: str, *, add: bool) -> GroupPayload:
    group_id, user_ids = parse_id(input.group_id, field="groupId"), parse_ids(input.user_ids, field="userIds")
    async with unit_of_work(info.context.sessions, info.context.caller) as session:
        row = await service.change_members(session, input.attempt(operation), group_id, user_ids, add=add)
    info.context.refresh()
    return GroupPayload(group=Group.of(row))
