"""The root fields about what people are to each other: unpack, call, wrap."""

import strawberry

from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import relationships as service
from subgraphs.users.types.groups import DeletionPayload
from subgraphs.users.types.relationships import (
    LinkRelationshipInput,
    LinkRelationshipPayload,
    Relationship,
    UnlinkRelationshipInput,
)


@strawberry.type
class RelationshipMutation:
    @strawberry.mutation(
        extensions=[Refusals(LinkRelationshipPayload)],
        description="Make a person another one's guardian, manager or mentor. Needs users:manage.",
    )
    async def link_relationship(self, info: Info, input: LinkRelationshipInput) -> LinkRelationshipPayload | None:
        user_id = parse_id(input.user_id, field="userId")
        of_user_id = parse_id(input.of_user_id, field="ofUserId")
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row = await service.link(
                session, input.attempt("linkRelationship"), input.kind, user_id=user_id, of_user_id=of_user_id
            )
        return LinkRelationshipPayload(relationship=Relationship.of(row))

    @strawberry.mutation(extensions=[Refusals(DeletionPayload)], description="End a relationship. Needs users:manage.")
    async def unlink_relationship(self, info: Info, input: UnlinkRelationshipInput) -> DeletionPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            ended = await service.unlink(session, input.attempt("unlinkRelationship"), parse_id(input.id))
        return DeletionPayload(deleted_id=strawberry.ID(str(ended)))
