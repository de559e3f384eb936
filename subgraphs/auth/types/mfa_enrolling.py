"""The GraphQL types of adding a second factor on the way in."""

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.types.accounts import IssuedSession, Viewer


@strawberry.input(description="An authenticator app to add by whoever may not come in without one.")
class EnrollRequiredMfaInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    challenge: str = strawberry.field(description="The `code` of a challenge that says `mustEnroll`.")
    name: str | None = strawberry.field(
        default=None, description="What the person calls the app: 1 to 100 characters; null for nothing."
    )


@strawberry.input(description="A code of the app that is being added on the way in.")
class ConfirmRequiredMfaInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    challenge: str = strawberry.field(description="The same that the app was begun with.")
    factor_id: strawberry.ID = strawberry.field(description="The app's.")
    code: str = strawberry.field(description="Six digits, as the app shows them now.")
    device_name: str | None = strawberry.field(
        default=None, description="What the person calls this client, if it is a new one: 1 to 100 characters."
    )


@strawberry.type(description="What came of `confirmRequiredMfa`.")
class ConfirmRequiredMfaPayload(Payload):
    session: IssuedSession | None = strawberry.field(default=None, description="Opened for the viewer.")
    viewer: Viewer | None = strawberry.field(default=None, description="Whoever has signed in.")
    recovery_codes: list[str] = strawberry.field(
        default_factory=list,
        description="Each works once in place of the app. Keep them where the app is not.",
    )
