"""The GraphQL types of changing one's address."""

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload


@strawberry.input(description="Another address to sign in by.")
class ChangeEmailInput(MutationInput):
    new_email: str = strawberry.field(description="Kept in lower case.")


@strawberry.type(description="What came of `changeEmail`: the same whether or not somebody has the address.")
class ChangeEmailPayload(Payload):
    valid_minutes: int | None = strawberry.field(
        default=None, description="For how long the code works that is mailed to the new address."
    )


@strawberry.input(description="The code that was mailed to the new address.")
class ConfirmEmailChangeInput(MutationInput):
    code: str = strawberry.field(description="From the mail; it works once, for whom it was asked by.")


@strawberry.type(description="What came of `confirmEmailChange`.")
class ConfirmEmailChangePayload(Payload):
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose address changes in a moment, unless somebody else has it."
    )


@strawberry.input(description="The code that was mailed to the address before.")
class UndoEmailChangeInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    code: str = strawberry.field(description="From the mail; it works for seven days from the change on.")


@strawberry.type(description="What came of `undoEmailChange`.")
class UndoEmailChangePayload(Payload):
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose sessions have ended, and who has the address before in a moment."
    )
