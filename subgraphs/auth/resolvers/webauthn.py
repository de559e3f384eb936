"""The root fields of passkeys: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import webauthn as service
from subgraphs.auth.types.webauthn import (
    FinishPasskeyRegistrationInput,
    FinishPasskeyRegistrationPayload,
    Passkey,
    PasskeyCeremony,
    RemovePasskeyInput,
    RemovePasskeyPayload,
    RenamePasskeyInput,
    RenamePasskeyPayload,
    StartPasskeyRegistrationInput,
    StartPasskeyRegistrationPayload,
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
        extensions=[Refusals(StartPasskeyRegistrationPayload)],
        description="Begin to add a passkey of the viewer's, in a session that they have opened themselves.",
    )
    async def start_passkey_registration(
        self, info: Info, input: StartPasskeyRegistrationInput
    ) -> StartPasskeyRegistrationPayload | None:
        attempt = input.attempt("startPasskeyRegistration")
        ceremony = await service.start_registration(info.context.passkeys, info.context.caller, attempt)
        return StartPasskeyRegistrationPayload(ceremony=PasskeyCeremony.of(ceremony))

    @strawberry.mutation(
        extensions=[Refusals(FinishPasskeyRegistrationPayload)],
        description="Add the passkey that the browser has made.",
    )
    async def finish_passkey_registration(
        self, info: Info, input: FinishPasskeyRegistrationInput
    ) -> FinishPasskeyRegistrationPayload | None:
        passkey = await service.finish_registration(
            info.context.passkeys,
            info.context.caller,
            parse_id(input.challenge_id, field="challengeId"),
            credential_of(input.credential),
            input.checked_name(),
            input.attempt("finishPasskeyRegistration"),
        )
        return FinishPasskeyRegistrationPayload(passkey=Passkey.of(passkey))

    @strawberry.mutation(
        extensions=[Refusals(RenamePasskeyPayload)], description="Call one of the viewer's passkeys something else."
    )
    async def rename_passkey(self, info: Info, input: RenamePasskeyInput) -> RenamePasskeyPayload | None:
        passkey_id, name = parse_id(input.id), checks.text(input.name, field="name")
        attempt = input.attempt("renamePasskey")
        row = await service.rename(info.context.passkeys, info.context.caller, passkey_id, name, attempt)
        return RenamePasskeyPayload(passkey=Passkey.of(row))

    @strawberry.mutation(
        extensions=[Refusals(RemovePasskeyPayload)], description="Accept one of the viewer's passkeys no more."
    )
    async def remove_passkey(self, info: Info, input: RemovePasskeyInput) -> RemovePasskeyPayload | None:
        attempt = input.attempt("removePasskey")
        removed = await service.remove(info.context.passkeys, info.context.caller, parse_id(input.id), attempt)
        return RemovePasskeyPayload(passkey_id=strawberry.ID(str(removed)))
