"""The GraphQL types of signing up."""

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.users.types.people import User


@strawberry.input(description="Somebody who wants to join.")
class SignUpInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    email: str = strawberry.field(description="Unique in the tenant; kept in lower case.")
    display_name: str = strawberry.field(description="What the person wants to be called: 1 to 200 characters.")
    password: str = strawberry.field(description="8 to 256 characters; any will do.")
    invitation: str | None = strawberry.field(
        default=None, description="The code of an invitation; without one, a learner signs up."
    )


@strawberry.input(description="Somebody who follows the link of an invitation.")
class AcceptInvitationInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug, as in the link.")
    code: str = strawberry.field(description="As in the link; it works once.")
    password: str = strawberry.field(description="8 to 256 characters; any will do.")
    display_name: str | None = strawberry.field(
        default=None, description="What the person wants to be called: 1 to 200 characters; null: as it is so far."
    )


@strawberry.type(description="What came of signing up.")
class SignUpPayload(Payload):
    user: User | None = strawberry.field(
        default=None,
        description="Who signed up; null if it was refused. What belongs to them in other services (enrollments, "
        "inbox) needs the token of a session: sign in first.",
    )
    ready: bool = strawberry.field(default=False, description="Signing in works from now on; else try in a moment.")
