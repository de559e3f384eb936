"""The root fields of passkeys: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.sessions import device_name
from subgraphs.auth.service import webauthn as service
from subgraphs.auth.service import webauthn_factor, webauthn_sign_in
from subgraphs.auth.service.sessions import DeviceHint
from subgraphs.auth.types.accounts import SignInPayload
from subgraphs.auth.types.webauthn import (
    FinishPasskeyRegistrationInput,
    FinishPasskeyRegistrationPayload,
    FinishPasskeySignInInput,
    Passkey,
    PasskeyCeremony,
    RemovePasskeyInput,
    RemovePasskeyPayload,
    RenamePasskeyInput,
    RenamePasskeyPayload,
    StartPasskeyRegistrationInput,
    StartPasskeyRegistrationPayload,
    StartPasskeySecondFactorInput,
    StartPasskeySecondFactorPayload,
    StartPasskeySignInInput,
    StartPasskeySignInPayload,
    StartPasskeyStepUpInput,
    StartPasskeyStepUpPayload,
    credential_of,
)


@strawberry.type
class PasskeyQuery:
    @strawberry.field(
        description="The viewer's passkeys, oldest first: at most 20. In a session that they have opened themselves."
    )
    async def passkeys(self, info: Info) -> list[Passkey] | None:
        rows = await service.own_passkeys(info.context.passkeys, info.context.caller)
        return [Passkey.of(row) for row in rows]


@strawberry.type
class PasskeyMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(StartPasskeyRegistrationPayload)],
        description="Begin to add a passkey of the viewer's, shortly after they have proved who they are.",
    )
    async def start_passkey_registration(
        self, info: Info, input: StartPasskeyRegistrationInput
    ) -> StartPasskeyRegistrationPayload | None:
        attempt = input.attempt("startPasskeyRegistration")
        ceremony = await service.start_registration(info.context.passkeys, info.context.caller, attempt)
        return StartPasskeyRegistrationPayload(ceremony=PasskeyCeremony.of(ceremony))

    @strawberry.mutation(
        extensions=[Refusals(FinishPasskeyRegistrationPayload)],
        description="Add the passkey that the browser has made. From then on a sign-in by password asks for it; with "
        "the first second factor, all other sessions of the viewer end.",
    )
    async def finish_passkey_registration(
        self, info: Info, input: FinishPasskeyRegistrationInput
    ) -> FinishPasskeyRegistrationPayload | None:
        passkey, codes = await service.finish_registration(
            info.context.passkeys,
            info.context.caller,
            parse_id(input.challenge_id, field="challengeId"),
            credential_of(input.credential),
            input.checked_name(),
            input.attempt("finishPasskeyRegistration"),
        )
        return FinishPasskeyRegistrationPayload(passkey=Passkey.of(passkey), recovery_codes=codes)

    @strawberry.mutation(
        extensions=[Refusals(RenamePasskeyPayload)], description="Call one of the viewer's passkeys something else."
    )
    async def rename_passkey(self, info: Info, input: RenamePasskeyInput) -> RenamePasskeyPayload | None:
        passkey_id, name = parse_id(input.id), checks.text(input.name, field="name")
        attempt = input.attempt("renamePasskey")
        row = await service.rename(info.context.passkeys, info.context.caller, passkey_id, name, attempt)
        return RenamePasskeyPayload(passkey=Passkey.of(row))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(RemovePasskeyPayload)],
        description="Accept one of the viewer's passkeys no more.",
    )
    async def remove_passkey(self, info: Info, input: RemovePasskeyInput) -> RemovePasskeyPayload | None:
        attempt = input.attempt("removePasskey")
        removed = await service.remove(info.context.passkeys, info.context.caller, parse_id(input.id), attempt)
        return RemovePasskeyPayload(passkey_id=strawberry.ID(str(removed)))

    @strawberry.mutation(
        extensions=[Refusals(StartPasskeySignInPayload)],
        description="Begin to sign in with a passkey. The answer says nothing of who has an account, and a repetition "
        "of the request begins anew.",
    )
    async def start_passkey_sign_in(
        self, info: Info, input: StartPasskeySignInInput
    ) -> StartPasskeySignInPayload | None:
        ceremony = await webauthn_sign_in.start_sign_in(info.context.passkeys, input.tenant)
        return StartPasskeySignInPayload(ceremony=PasskeyCeremony.of(ceremony))

    @strawberry.mutation(
        extensions=[Refusals(SignInPayload)],
        description="Open a session for whoever has unlocked their passkey. A challenge is answered once: a repetition "
        "of the request is refused.",
    )
    async def finish_passkey_sign_in(self, info: Info, input: FinishPasskeySignInInput) -> SignInPayload | None:
        signed_in = await webauthn_sign_in.finish_sign_in(
            info.context.passkeys,
            input.tenant,
            parse_id(input.challenge_id, field="challengeId"),
            credential_of(input.credential),
            DeviceHint(input.device_token, device_name(input.device_name)),
            input.attempt("finishPasskeySignIn", without={"device_token", "credential"}),
        )
        return SignInPayload.of(signed_in)

    @strawberry.mutation(
        extensions=[Refusals(StartPasskeySecondFactorPayload)],
        description="Begin to show a passkey of one's own, where a sign-in waits for a second factor.",
    )
    async def start_passkey_second_factor(
        self, info: Info, input: StartPasskeySecondFactorInput
    ) -> StartPasskeySecondFactorPayload | None:
        ceremony = await webauthn_factor.start_second_factor(info.context.passkeys, input.tenant, input.challenge)
        return StartPasskeySecondFactorPayload(ceremony=PasskeyCeremony.of(ceremony))

    @strawberry.mutation(
        extensions=[Refusals(StartPasskeyStepUpPayload)],
        description="Begin to show a passkey of the viewer's, when a mutation has been refused with STEP_UP_REQUIRED.",
    )
    async def start_passkey_step_up(
        self, info: Info, input: StartPasskeyStepUpInput
    ) -> StartPasskeyStepUpPayload | None:
        ceremony = await webauthn_factor.start_step_up(info.context.passkeys, info.context.caller)
        return StartPasskeyStepUpPayload(ceremony=PasskeyCeremony.of(ceremony))
