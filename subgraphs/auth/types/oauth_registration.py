"""The GraphQL types of tokens with which software registers itself."""

from datetime import timedelta

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload
from subgraphs.auth.service.oauth_registration import NewRegistrationToken


@strawberry.input(description="How software may register itself.")
class CreateAppRegistrationTokenInput(MutationInput):
    scopes: list[str] = strawberry.field(
        description="Most that such apps can be granted: permissions of the viewer's, `openid`, `email`, "
        "`offline_access`."
    )
    uses: int = strawberry.field(default=1, description="How many apps may register themselves with it: 1 to 100.")
    life_seconds: int = strawberry.field(default=86_400, description="How long it is good: up to 30 days.")

    def asked(self) -> NewRegistrationToken:
        return NewRegistrationToken(frozenset(self.scopes), self.uses, timedelta(seconds=self.life_seconds))


@strawberry.type(description="What came of `createAppRegistrationToken`.")
class CreateAppRegistrationTokenPayload(Payload):
    id: strawberry.ID | None = strawberry.field(
        default=None, description="What `revokeAppRegistrationToken` takes; null if it was refused."
    )
    token: str | None = strawberry.field(
        default=None, description="The token. It is shown this once: a repetition of the request gives null."
    )


@strawberry.input(description="Which token is to be good no more.")
class RevokeAppRegistrationTokenInput(MutationInput):
    id: strawberry.ID = strawberry.field(description="The token's id.")


@strawberry.type(description="What came of `revokeAppRegistrationToken`.")
class RevokeAppRegistrationTokenPayload(Payload):
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The token that is gone; apps that have registered themselves with it stay."
    )
