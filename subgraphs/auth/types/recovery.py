"""The GraphQL types of passwords that are changed, and of second factors that are lost."""

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload


@strawberry.input(description="Another password for the viewer.")
class ChangePasswordInput(MutationInput):
    new_password: str = strawberry.field(description="8 to 256 characters, not easy to guess.")


@strawberry.type(description="What came of `changePassword`.")
class ChangePasswordPayload(Payload):
    session_id: strawberry.ID | None = strawberry.field(default=None, description="The session that goes on.")


@strawberry.input(description="Whose second factors are lost.")
class ResetSecondFactorsInput(MutationInput):
    user_id: strawberry.ID = strawberry.field(description="The person.")
    reason: str = strawberry.field(
        description="How it is known that it is they who ask: 1 to 500 characters. The audit has it."
    )


@strawberry.type(description="What came of `resetSecondFactors`.")
class ResetSecondFactorsPayload(Payload):
    user_id: strawberry.ID | None = strawberry.field(default=None, description="The person.")
