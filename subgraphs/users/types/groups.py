"""The GraphQL types of groups."""

from datetime import datetime
from typing import Final
from uuid import UUID

import strawberry

from shared.errors import BadUserInput
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.entities import Reference
from shared.graphql.inputs import MutationInput, UpdateInput
from shared.graphql.pagination import Keyset
from shared.graphql.references import resolve_by_id
from shared.graphql.user_errors import Payload
from subgraphs.users.context import Info
from subgraphs.users.models import Group as GroupRow
from subgraphs.users.service.people import READER
from subgraphs.users.types.people import User

BY_ID: Final = Keyset(tuple[UUID])


@strawberry.federation.type(keys=["id"], description="People across the tenant, put together for some purpose.")
class Group:
    id: strawberry.ID = strawberry.field(description="Identifies the group.")
    name: str = strawberry.field(description="Unique in the tenant.")
    description: str = strawberry.field(description="What it is for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    version: int = strawberry.field(description="Grows with each change, of its members too.")

    @strawberry.field(description="Who is in it, in the order in which the people came. Needs users:read.")
    async def members(self, info: Info, first: First = 20, after: After = None) -> Connection[User] | None:
        info.context.caller.require(READER)
        page = BY_ID.page(first, after)
        rows = await info.context.loaders.group_members.load((UUID(self.id), page))
        return connect(rows, page, node=User.of, cursor=lambda row: BY_ID.cursor((row.id,)))

    @strawberry.field(description="How many are in it.")
    async def member_count(self, info: Info) -> int:
        return await info.context.loaders.group_member_count.load(UUID(self.id)) or 0

    @classmethod
    def of(cls, row: GroupRow) -> "Group":
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            description=row.description,
            created_at=row.created_at,
            version=row.version,
        )

    @classmethod
    async def resolve_references(cls, info: Info, references: list[Reference]) -> "list[Group | BadUserInput | None]":
        """To a caller without users:read there are no groups."""
        if not info.context.caller.may(READER):
            return [None for _ in references]
        return await resolve_by_id(references, info.context.loaders.group_by_id, cls.of)


@strawberry.input(description="A group to make.")
class CreateGroupInput(MutationInput):
    name: str = strawberry.field(description="1 to 200 characters, unique in the tenant.")
    description: str = strawberry.field(default="", description="At most 2000 characters, lines included.")


@strawberry.input(description="People to put into a group, or to take out.")
class GroupMembersInput(MutationInput):
    group_id: strawberry.ID = strawberry.field(description="The group's.")
    user_ids: list[strawberry.ID] = strawberry.field(description="1 to 500 different people.")


@strawberry.input(description="A group to delete.")
class DeleteGroupInput(UpdateInput):
    id: strawberry.ID = strawberry.field(description="The group's.")


@strawberry.type(description="What came of a change of one group.")
class GroupPayload(Payload):
    group: Group | None = strawberry.field(default=None, description="The group; null if it was refused.")


@strawberry.type(description="What came of a deletion.")
class DeletionPayload(Payload):
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="What was deleted; null if it was refused."
    )
