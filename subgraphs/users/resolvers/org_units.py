"""The root fields about org units: unpack, call, wrap."""

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
from subgraphs.users.service import org_units as service
from subgraphs.users.store.org_units import OrgUnitStore
from subgraphs.users.types.groups import DeletionPayload
from subgraphs.users.types.org_units import (
    CreateOrgUnitInput,
    DeleteOrgUnitInput,
    MoveOrgUnitInput,
    OrgUnit,
    OrgUnitMembersInput,
    OrgUnitPayload,
    UpdateOrgUnitInput,
)

_BY_NAME = Keyset(tuple[str, UUID])
_LONGEST_CODE = 100
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The unit's.")]


@strawberry.type
class OrgUnitQuery:
    @strawberry.field(description="An org unit.")
    async def org_unit(self, info: Info, id: _Id) -> OrgUnit | None:
        row = await info.context.loaders.org_unit_by_id.load(parse_id(id))
        return OrgUnit.of(row) if row else None

    @strawberry.field(description="The org units at the top of the tree, in the order of their names.")
    async def org_units(self, info: Info, first: First = 20, after: After = None) -> Connection[OrgUnit] | None:
        page = _BY_NAME.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await OrgUnitStore(session).roots(page)
        return connect(rows, page, node=OrgUnit.of, cursor=lambda row: _BY_NAME.cursor((row.name, row.id)))


@strawberry.type
class OrgUnitMutation:
    @strawberry.mutation(
        extensions=[Refusals(OrgUnitPayload)],
        description="Make an org unit. Needs users:manage at its parent, or above.",
    )
    async def create_org_unit(self, info: Info, input: CreateOrgUnitInput) -> OrgUnitPayload | None:
        parent_id = None if input.parent_id is None else parse_id(input.parent_id, field="parentId")
        name, code = checks.text(input.name, field="name"), _code(input.code)
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.create(
                session, input.attempt("createOrgUnit"), name=name, code=code, parent_id=parent_id
            )
        return OrgUnitPayload(org_unit=OrgUnit.of(row))

    @strawberry.mutation(
        extensions=[Refusals(OrgUnitPayload)],
        description="Change the name or the code of a unit. Needs users:manage there or above.",
    )
    async def update_org_unit(self, info: Info, input: UpdateOrgUnitInput) -> OrgUnitPayload | None:
        name = None if input.name is None else checks.text(input.name, field="name")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.rename(
                session,
                input.attempt("updateOrgUnit"),
                parse_id(input.id),
                name=name,
                code=_code(input.code),
                expected_version=input.expected_version,
            )
        return OrgUnitPayload(org_unit=OrgUnit.of(row))

    @strawberry.mutation(
        extensions=[Refusals(OrgUnitPayload)],
        description="Hang a unit, with all that is below it, somewhere else. Needs users:manage at both, or above.",
    )
    async def move_org_unit(self, info: Info, input: MoveOrgUnitInput) -> OrgUnitPayload | None:
        parent_id = None if input.parent_id is None else parse_id(input.parent_id, field="parentId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.move(
                session,
                input.attempt("moveOrgUnit"),
                parse_id(input.id),
                parent_id=parent_id,
                expected_version=input.expected_version,
            )
        return OrgUnitPayload(org_unit=OrgUnit.of(row))

    @strawberry.mutation(
        extensions=[Refusals(DeletionPayload)],
        description="Delete a unit that has none below it. Needs users:manage there or above.",
    )
    async def delete_org_unit(self, info: Info, input: DeleteOrgUnitInput) -> DeletionPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            deleted = await service.delete(
                session, input.attempt("deleteOrgUnit"), parse_id(input.id), expected_version=input.expected_version
            )
        return DeletionPayload(deleted_id=strawberry.ID(str(deleted)))

    @strawberry.mutation(
        extensions=[Refusals(OrgUnitPayload)],
        description="Put people into a unit; who is in it already stays so. Needs users:manage there or above.",
    )
    async def add_org_unit_members(self, info: Info, input: OrgUnitMembersInput) -> OrgUnitPayload | None:
        return await _change_members(info, input, "addOrgUnitMembers", add=True)

    @strawberry.mutation(
        extensions=[Refusals(OrgUnitPayload)],
        description="Take people out of a unit; who is not in it stays so. Needs users:manage there or above.",
    )
    async def remove_org_unit_members(self, info: Info, input: OrgUnitMembersInput) -> OrgUnitPayload | None:
        return await _change_members(info, input, "removeOrgUnitMembers", add=False)


def _code(code: str | None) -> str | None:
    return None if code is None else checks.text(code, field="code", longest=_LONGEST_CODE)


async def _change_members(info: Info, input: OrgUnitMembersInput, operation: str, *, add: bool) -> OrgUnitPayload:
    unit_id, user_ids = parse_id(input.org_unit_id, field="orgUnitId"), parse_ids(input.user_ids, field="userIds")
    async with unit_of_work(info.context.sessions, info.context.caller) as session:
        row = await service.change_members(session, input.attempt(operation), unit_id, user_ids, add=add)
    info.context.refresh()
    return OrgUnitPayload(org_unit=OrgUnit.of(row))
