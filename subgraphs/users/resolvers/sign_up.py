"""The root fields of signing up: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import sign_up as service
from subgraphs.users.types.people import User
from subgraphs.users.types.sign_up import AcceptInvitationInput, SignUpInput, SignUpPayload


@strawberry.type
class SignUpMutation:
    @strawberry.mutation(extensions=[Refusals(SignUpPayload)], description="Join a tenant with a password.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpPayload | None:
        newcomer = service.Newcomer(
            email=checks.email_address(input.email),
            display_name=checks.text(input.display_name, field="displayName"),
            password=input.password,
            invitation=input.invitation,
        )
        await info.context.desk.passwords.check(input.password, about=(newcomer.email, newcomer.display_name))
        attempt = input.attempt("signUp", without={"password"})
        signed_up = await service.sign_up(info.context.desk, input.tenant, newcomer, attempt)
        return SignUpPayload(user=User.of(signed_up.user), ready=signed_up.ready)

    @strawberry.mutation(
        extensions=[Refusals(SignUpPayload)],
        description="Join a tenant with an invitation and a password. Whom an identity provider of the tenant brings "
        "signs in instead, which takes the invitation up as well.",
    )
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> SignUpPayload | None:
        signed_up = await service.accept_invitation(
            info.context.desk,
            input.tenant,
            input.code,
            input.password,
            input.attempt("acceptInvitation", without={"password"}),
            display_name=None if input.display_name is None else checks.text(input.display_name, field="displayName"),
        )
        return SignUpPayload(user=User.of(signed_up.user), ready=signed_up.ready)
