"""The GraphQL types of invitations."""

from datetime import datetime

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from shared.roles import Role
from subgraphs.users.models import Invitation as InvitationRow
from subgraphs.users.models import User as UserRow
from subgraphs.users.types.people import User


@strawberry.type(description="Lets one person sign up with a role.")
class Invitation:
    id: strawberry.ID = strawberry.field(description="Identifies the invitation.")
    email: str = strawberry.field(description="The address it is for; no other can use it.")
    code: str | None = strawberry.field(
        description="Give it to `acceptInvitation` or `signUp`, once. Null to callers who could not invite anybody as "
        "what the invitation makes its person."
    )
    user: User = strawberry.field(description="The person invited, who can be referred to from now on.")
    expires_at: datetime = strawberry.field(description="14 days after it was made or sent again.")
    sent_at: datetime = strawberry.field(description="When it was mailed last.")
    claimed_at: datetime | None = strawberry.field(description="When the person signed up with it; null if not.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back; null if it was not.")

    @classmethod
    def of(cls, row: InvitationRow, user: UserRow, *, code: str | None) -> "Invitation":
        return cls(
            id=strawberry.ID(str(row.id)),
            email=user.email,
            code=code,
            user=User.of(user),
            expires_at=row.expires_at,
            sent_at=row.sent_at,
            claimed_at=row.claimed_at,
            revoked_at=row.revoked_at,
        )


@strawberry.input(description="People to invite.")
class InviteUsersInput(MutationInput):
    emails: list[str] = strawberry.field(description="1 to 100 different addresses: all are invited, or nobody.")
    role: Role = strawberry.field(description="What they will be.")


@strawberry.type(description="What came of `inviteUsers`.")
class InviteUsersPayload(Payload):
    invitations: list[Invitation] | None = strawberry.field(
        default=None, description="In the order of `emails`; null if it was refused."
    )


@strawberry.input(description="An invitation to take back.")
class RevokeInvitationInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The invitation's.")


@strawberry.type(description="What came of `revokeInvitation`.")
class RevokeInvitationPayload(Payload):
    invitation: Invitation | None = strawberry.field(
        default=None, description="The invitation; null if it was refused."
    )


@strawberry.input(description="An invitation to mail again.")
class ResendInvitationInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The invitation's.")


@strawberry.type(description="What came of `resendInvitation`.")
class ResendInvitationPayload(Payload):
    invitation: Invitation | None = strawberry.field(
        default=None, description="The invitation; null if it was refused."
    )
