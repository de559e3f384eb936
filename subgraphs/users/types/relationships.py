"""The GraphQL types of what people are to each other."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.users.context import Info
from subgraphs.users.models import Relationship as RelationshipRow
from subgraphs.users.models import RelationshipKind
from subgraphs.users.types.people import User

strawberry.enum(RelationshipKind, description="What a person is to another one.")


@strawberry.type(description="What a person is to another one.")
class Relationship:
    id: strawberry.ID = strawberry.field(description="Identifies the relationship.")
    kind: RelationshipKind = strawberry.field(description="What `user` is to `ofUser`.")
    created_at: datetime = strawberry.field(description="When they were linked.")
    row: strawberry.Private[RelationshipRow]

    @strawberry.field(description="The guardian, manager or mentor.")
    async def user(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(self.row.user_id)
        return User.of(row) if row else None

    @strawberry.field(description="Whose guardian, manager or mentor it is.")
    async def of_user(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(self.row.of_user_id)
        return User.of(row) if row else None

    @classmethod
    def of(cls, row: RelationshipRow) -> "Relationship":
        return cls(id=strawberry.ID(str(row.id)), kind=RelationshipKind(row.kind), created_at=row.created_at, row=row)


@strawberry.input(description="Two people, and what the one is to the other.")
class LinkRelationshipInput(MutationInput):
    kind: RelationshipKind = strawberry.field(description="What `userId` is to `ofUserId`.")
    user_id: strawberry.ID = strawberry.field(description="The guardian, manager or mentor.")
    of_user_id: strawberry.ID = strawberry.field(description="Whose.")


@strawberry.input(description="A relationship to end.")
class UnlinkRelationshipInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The relationship's.")


@strawberry.type(description="What came of `linkRelationship`.")
class LinkRelationshipPayload(Payload):
    relationship: Relationship | None = strawberry.field(
        default=None, description="The relationship; null if it was refused."
    )
