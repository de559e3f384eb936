"""The root fields of links that are sent by mail: unpack, call, wrap."""

import strawberry

from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.models import LinkPurpose
from subgraphs.auth.resolvers.sessions import device_name
from subgraphs.auth.service import magic_links as service
from subgraphs.auth.service.sessions import DeviceHint
from subgraphs.auth.types.accounts import SignInPayload
from subgraphs.auth.types.magic_links import (
    ConfirmEmailInput,
    ConfirmEmailPayload,
    RequestLinkInput,
    RequestLinkPayload,
    ResetPasswordInput,
    ResetPasswordPayload,
    SignInByLinkInput,
)


@strawberry.type
class MagicLinkMutation:
    @strawberry.mutation(
        extensions=[Refusals(RequestLinkPayload)],
        description="Have a link mailed to choose another password with, for `resetPassword`. Answered alike whether "
        "or not anybody has the address.",
    )
    async def request_password_reset(self, info: Info, input: RequestLinkInput) -> RequestLinkPayload | None:
        return await _request(info, input, LinkPurpose.PASSWORD_RESET, "requestPasswordReset")

    @strawberry.mutation(
        extensions=[Refusals(RequestLinkPayload)],
        description="Have a link mailed to sign in with, for `signInByLink`. Answered alike whether or not anybody has "
        "the address.",
    )
    async def request_sign_in_link(self, info: Info, input: RequestLinkInput) -> RequestLinkPayload | None:
        return await _request(info, input, LinkPurpose.SIGN_IN, "requestSignInLink")

    @strawberry.mutation(
        extensions=[Refusals(RequestLinkPayload)],
        description="Have a link mailed that shows whose address it is, for `confirmEmail`. Answered alike whether or "
        "not anybody has the address.",
    )
    async def request_email_confirmation(self, info: Info, input: RequestLinkInput) -> RequestLinkPayload | None:
        return await _request(info, input, LinkPurpose.EMAIL_VERIFICATION, "requestEmailConfirmation")

    @strawberry.mutation(
        extensions=[Refusals(SignInPayload)], description="Open a session with the code of a mailed link."
    )
    async def sign_in_by_link(self, info: Info, input: SignInByLinkInput) -> SignInPayload | None:
        device = DeviceHint(input.device_token, device_name(input.device_name))
        attempt = input.attempt("signInByLink", without={"device_token"})
        outcome = await service.sign_in(info.context.desk, input.tenant, input.code, device, attempt)
        return SignInPayload.of(outcome)

    @strawberry.mutation(
        extensions=[Refusals(ResetPasswordPayload)],
        description="Choose another password with the code of a mailed link. All sessions of the person end.",
    )
    async def reset_password(self, info: Info, input: ResetPasswordInput) -> ResetPasswordPayload | None:
        attempt = input.attempt("resetPassword", without={"new_password"})
        user_id = await service.reset_password(info.context.desk, input.tenant, input.code, input.new_password, attempt)
        return ResetPasswordPayload(user_id=strawberry.ID(str(user_id)))

    @strawberry.mutation(
        extensions=[Refusals(ConfirmEmailPayload)],
        description="Show with the code of a mailed link that the address is one's own.",
    )
    async def confirm_email(self, info: Info, input: ConfirmEmailInput) -> ConfirmEmailPayload | None:
        user_id = await service.confirm_email(
            info.context.desk, input.tenant, input.code, input.attempt("confirmEmail")
        )
        return ConfirmEmailPayload(user_id=strawberry.ID(str(user_id)))


async def _request(info: Info, input: RequestLinkInput, purpose: LinkPurpose, operation: str) -> RequestLinkPayload:
    email, attempt = input.email.strip().lower(), input.attempt(operation)
    lifetime = await service.request(info.context.desk, input.tenant, email, purpose, attempt)
    return RequestLinkPayload(valid_minutes=int(lifetime.total_seconds()) // 60)
