"""The GraphQL types of acting in another person's name."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.models import Impersonation as ImpersonationRow
from subgraphs.auth.types.accounts import IssuedSession, User


@strawberry.type(description="Somebody acts, or has acted, in another person's name.")
class Impersonation:
    id: strawberry.ID = strawberry.field(description="It never changes.")
    user: User | None = strawberry.field(description="In whose name.")
    impersonator: User | None = strawberry.field(description="Who acts.")
    reason: str = strawberry.field(description="Why, in their words.")
    started_at: datetime = strawberry.field(description="When it began.")
    expires_at: datetime = strawberry.field(description="When it ends in any case.")
    ended_at: datetime | None = strawberry.field(description="When somebody ended it before that; null if nobody has.")

    @classmethod
    def of(cls, row: ImpersonationRow) -> "Impersonation":
        return cls(
            id=strawberry.ID(str(row.id)),
            user=User.of(row.user_id),
            impersonator=User.of(row.impersonator_id),
            reason=row.reason,
            started_at=row.started_at,
            expires_at=row.expires_at,
            ended_at=row.ended_at,
        )


@strawberry.input(description="In whose name to act, and why.")
class StartImpersonationInput(MutationInput):
    user_id: strawberry.ID = strawberry.field(description="The person, who is told of it.")
    reason: str = strawberry.field(description="Why: 1 to 500 characters. The person reads it, and the audit has it.")


@strawberry.type(description="What came of `startImpersonation`.")
class StartImpersonationPayload(Payload):
    impersonation: Impersonation | None = strawberry.field(default=None, description="What has begun.")
    session: IssuedSession | None = strawberry.field(
        default=None, description="To act in the person's name with, for a quarter of an hour at most."
    )


@strawberry.input(description="Which impersonation to end.")
class StopImpersonationInput(MutationInput):
    impersonation_id: strawberry.ID | None = strawberry.field(
        default=None, description="Which; null for the one of the access token that is sent along."
    )


@strawberry.type(description="What came of `stopImpersonation`.")
class StopImpersonationPayload(Payload):
    impersonation: Impersonation | None = strawberry.field(default=None, description="What has ended.")
