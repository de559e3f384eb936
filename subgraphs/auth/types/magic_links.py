"""The GraphQL types of links that are sent by mail, and of passwords chosen anew."""

import strawberry

from shared.graphql.inputs import MutationInput
from shared.graphql.user_errors import Payload


@strawberry.input(description="Where a link is to be sent.")
class RequestLinkInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    email: str = strawberry.field(description="Of the person, in small or large letters.")


@strawberry.type(description="What came of asking for a link: the same whether or not anybody has the address.")
class RequestLinkPayload(Payload):
    valid_minutes: int | None = strawberry.field(
        default=None, description="For how long the link works, if there is anybody to send it to."
    )


@strawberry.input(description="The code of a mailed link to sign in with.")
class SignInByLinkInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    code: str = strawberry.field(description="From the mail; it works once.")
    device_token: str | None = strawberry.field(
        default=None, description="That an earlier sign-in of the person gave this client."
    )
    device_name: str | None = strawberry.field(
        default=None, description="What the person calls this client, if it is a new one: 1 to 100 characters."
    )


@strawberry.input(description="Another password for whom a link was mailed to.")
class ResetPasswordInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    code: str = strawberry.field(description="From the mail; it works once.")
    new_password: str = strawberry.field(description="8 to 256 characters, not easy to guess.")


@strawberry.type(description="What came of `resetPassword`.")
class ResetPasswordPayload(Payload):
    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whose password it is. They sign in with it now; all of their sessions have ended."
    )


@strawberry.input(description="The code of a mailed link that shows whose address it is.")
class ConfirmEmailInput(MutationInput):
    tenant: str = strawberry.field(description="The tenant's slug.")
    code: str = strawberry.field(description="From the mail; it works once.")


@strawberry.type(description="What came of `confirmEmail`.")
class ConfirmEmailPayload(Payload):
    user_id: strawberry.ID | None = strawberry.field(default=None, description="Whose address it is.")
