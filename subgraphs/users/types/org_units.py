"""The GraphQL types of org units."""

from datetime import datetime

import strawberry

from shared.errors import BadUserInput
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import Payload
from subgraphs.users.context import Info
from subgraphs.users.models import OrgUnit as OrgUnitRow
from subgraphs.users.service.people import READER
from subgraphs.users.service.places import at_unit
from subgraphs.users.types.groups import BY_ID
from subgraphs.users.types.people import User


@strawberry.federation.type(keys=["id"], description="A part of the tenant: a school, a department, a class.")
class OrgUnit:
    id: strawberry.ID = strawberry.field(description="Identifies the unit.")
    name: str = strawberry.field(description="For people.")
    code: str | None = strawberry.field(description="What rosters call it; unique in the tenant.")
    created_at: datetime = strawberry.field(description="When it was made.")
    version: int = strawberry.field(description="Grows with each change.")
    row: strawberry.Private[OrgUnitRow]

    @strawberry.field(description="The unit right above it; null for a root.")
    async def parent(self, info: Info) -> "OrgUnit | None":
        if self.row.parent_id is None:
            return None
        row = await info.context.loaders.org_unit_by_id.load(self.row.parent_id)
        return OrgUnit.of(row) if row else None

    @strawberry.field(description="The units above it, from the root down to its parent.")
    async def ancestors(self, info: Info) -> "list[OrgUnit]":
        return [OrgUnit.of(row) for row in await info.context.loaders.org_unit_ancestors.load(self.row.id)]

    @strawberry.field(description="The units right below it, at most 500, in the order of their names.")
    async def children(self, info: Info) -> "list[OrgUnit]":
        return [OrgUnit.of(row) for row in await info.context.loaders.org_unit_children.load(self.row.id)]

    @strawberry.field(
        description="Who belongs to the unit itself, in the order in which they came. Needs users:read, in the whole "
        "tenant, at the unit or above it."
    )
    async def members(self, info: Info, first: First = 20, after: After = None) -> Connection[User] | None:
        rights, above = await info.context.rights(), await info.context.loaders.org_unit_ancestors.load(self.row.id)
        rights.require(READER, at_unit(rights.caller.tenant_id, self.row.id, [unit.id for unit in above]))
        page = BY_ID.page(first, after)
        rows = await info.context.loaders.org_unit_members.load((self.row.id, page))
        return connect(rows, page, node=User.of, cursor=lambda row: BY_ID.cursor((row.id,)))

    @strawberry.field(description="How many belong to the unit itself.")
    async def member_count(self, info: Info) -> int:
        return await info.context.loaders.org_unit_member_count.load(self.row.id) or 0

    @classmethod
    def of(cls, row: OrgUnitRow) -> "OrgUnit":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            code=row.code,
            created_at=row.created_at,
            version=row.version,
            row=row,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[OrgUnit | BadUserInput | None]":
        return await resolve_by_id(references, info.context.loaders.org_unit_by_id, cls.of)


@strawberry.input(description="A unit to make.")
class CreateOrgUnitInput(MutationInput):
    name: str = strawberry.field(description="1 to 200 characters.")
    code: str | None = strawberry.field(default=None, description="1 to 100 characters, unique in the tenant.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="Below which; a root if null.")


@strawberry.input(description="What to change of a unit; what is null stays as it is.")
class UpdateOrgUnitInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="The unit's.")
    name: str | None = strawberry.field(default=None, description="1 to 200 characters.")
    code: str | None = strawberry.field(default=None, description="1 to 100 characters, unique in the tenant.")


@strawberry.input(description="Where to hang a unit with all that is below it.")
class MoveOrgUnitInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="The unit's.")
    parent_id: strawberry.ID | None = strawberry.field(default=None, description="Below which; a root if null.")


@strawberry.input(description="A unit to delete.")
class DeleteOrgUnitInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="The unit's; nothing may be below it.")


@strawberry.input(description="People to put into a unit, or to take out.")
class OrgUnitMembersInput(MutationInput):
    org_unit_id: strawberry.ID = strawberry.field(description="The unit's.")
    user_ids: list[strawberry.ID] = strawberry.field(description="1 to 500 different people.")


@strawberry.type(description="What came of a change of one unit.")
class OrgUnitPayload(Payload):
    org_unit: OrgUnit | None = strawberry.field(default=None, description="The unit; null if it was refused.")
