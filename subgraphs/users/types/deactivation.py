"""The GraphQL types of deactivating people."""

import strawberry

from shared.graphql.inputs import UpdateInput
from shared.graphql.user_errors import Payload
from subgraphs.users.types.people import User


@strawberry.input(description="A person to deactivate, or to let in again.")
class UserActivationInput(UpdateInput):
    user_id: strawberry.ID = strawberry.field(description="The person's.")


@strawberry.type(description="What came of deactivating a person, or of letting them in again.")
class UserActivationPayload(Payload):
    user: User | None = strawberry.field(default=None, description="The person; null if it was refused.")
