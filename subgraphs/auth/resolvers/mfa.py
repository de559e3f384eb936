"""The root fields of second factors: unpack, call, wrap."""

from uuid import UUID

import strawberry

from shared.caller import require_own
from shared.database import unit_of_work
from shared.errors import BadUserInput, TenantNotFound, parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from shared.idempotency import once
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.sessions import device_name
from subgraphs.auth.service import mfa, mfa_factors, webauthn_factor
from subgraphs.auth.service.passwords import by_password
from subgraphs.auth.service.sessions import own_session
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.mfa import RecoveryCodeStore, TotpFactorStore
from subgraphs.auth.types.accounts import IssuedSession, SignInPayload
from subgraphs.auth.types.mfa import (
    CompleteMfaInput,
    ConfirmMfaInput,
    EnrollMfaInput,
    EnrollMfaPayload,
    Mfa,
    RemoveMfaInput,
    RemoveMfaPayload,
    RenewRecoveryCodesInput,
    RenewRecoveryCodesPayload,
    StepUpInput,
)
from subgraphs.auth.types.sessions import ConfirmMfaPayload, StepUpPayload


@strawberry.type
class MfaQuery:
    @strawberry.field(description="The viewer's second factors.")
    async def mfa(self, info: Info) -> Mfa | None:
        user_id = require_own(info.context.caller, "users:manage")
        async with info.context.desk.sessions.read(info.context.caller) as session:
            factors = await TotpFactorStore(session).of(user_id)
            return Mfa.of(factors, await RecoveryCodeStore(session).left(user_id))


@strawberry.type
class MfaMutation:
    @strawberry.mutation(
        extensions=[Refusals(SignInPayload)],
        description="Go on with a sign-in by a second factor. Who keeps guessing has to wait.",
    )
    async def complete_mfa(self, info: Info, input: CompleteMfaInput) -> SignInPayload | None:
        desk, name = info.context.desk, device_name(input.device_name)
        attempt, tenant, challenge = input.attempt("completeMfa"), input.tenant, input.challenge
        if input.passkey is not None:
            passkeys, answer = info.context.passkeys, input.passkey.answer()
            entered = await webauthn_factor.complete(passkeys, tenant, challenge, answer, attempt, device_name=name)
        elif input.code is not None:
            prove = mfa.by_code(desk, input.code)
            entered = await mfa.complete(desk, tenant, challenge, prove, attempt, device_name=name)
        else:
            raise BadUserInput("`code` or `passkey` is needed", field="code")
        return SignInPayload.of(entered)

    @strawberry.mutation(
        extensions=[Refusals(StepUpPayload)],
        description="Prove again who you are, when a mutation has been refused with STEP_UP_REQUIRED.",
    )
    async def step_up(self, info: Info, input: StepUpInput) -> StepUpPayload | None:
        desk, caller = info.context.desk, info.context.caller
        attempt = input.attempt("stepUp", without={"password"})
        if input.passkey is not None:
            proved = await webauthn_factor.step_up(info.context.passkeys, caller, input.passkey.answer(), attempt)
            return StepUpPayload(session=IssuedSession.of_person(proved))
        if input.code is not None:
            prove = mfa.by_code(desk, input.code)
        elif input.password is not None:
            prove = await by_password(desk, caller, input.password)
        else:
            raise BadUserInput("`code`, `passkey` or `password` is needed", field="code")
        return StepUpPayload(session=IssuedSession.of_person(await mfa.step_up(desk, caller, prove, attempt)))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(EnrollMfaPayload)],
        description="Begin to add an authenticator app; it counts once `confirmMfa` was given a code of it.",
    )
    async def enroll_mfa(self, info: Info, input: EnrollMfaInput) -> EnrollMfaPayload | None:
        name, attempt = device_name(input.name), input.attempt("enrollMfa")
        desk, caller = info.context.desk, info.context.caller
        user_id, _ = own_session(caller)
        async with unit_of_work(desk.sessions, caller) as session:

            async def enroll() -> UUID:
                return await mfa_factors.enroll(session, desk.keys, user_id, name)

            factor_id = await once(session, attempt, enroll)
            enrolment = await mfa_factors.enrolment(session, desk.keys, user_id, factor_id)
            account = await AccountStore(session).by_id(user_id)
        tenant = await info.context.own_tenant()
        if tenant is None or account is None:
            raise TenantNotFound
        return EnrollMfaPayload.of(enrolment, tenant.name, account.email)

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ConfirmMfaPayload)],
        description="Let an authenticator app count from now on. All other sessions of the viewer end.",
    )
    async def confirm_mfa(self, info: Info, input: ConfirmMfaInput) -> ConfirmMfaPayload | None:
        factor_id, attempt = parse_id(input.factor_id, field="factorId"), input.attempt("confirmMfa")
        desk, caller = info.context.desk, info.context.caller
        signed_in, codes = await mfa.confirm_factor(desk, caller, factor_id, input.code, attempt)
        return ConfirmMfaPayload(session=IssuedSession.of_person(signed_in), recovery_codes=codes)

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(RemoveMfaPayload)],
        description="Take an authenticator app away; the recovery codes go with the last second factor.",
    )
    async def remove_mfa(self, info: Info, input: RemoveMfaInput) -> RemoveMfaPayload | None:
        factor_id, attempt = parse_id(input.factor_id, field="factorId"), input.attempt("removeMfa")
        desk, caller = info.context.desk, info.context.caller
        user_id, _ = own_session(caller)
        async with unit_of_work(desk.sessions, caller) as session:

            async def remove() -> UUID:
                await mfa_factors.remove(session, user_id, factor_id)
                return factor_id

            removed = await once(session, attempt, remove)
        return RemoveMfaPayload(factor_id=strawberry.ID(str(removed)))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(RenewRecoveryCodesPayload)],
        description="Have other recovery codes; those before work no more.",
    )
    async def renew_recovery_codes(
        self, info: Info, input: RenewRecoveryCodesInput
    ) -> RenewRecoveryCodesPayload | None:
        desk, caller = info.context.desk, info.context.caller
        user_id, _ = own_session(caller)
        async with unit_of_work(desk.sessions, caller) as session:

            async def renew() -> UUID:
                return await mfa_factors.renew_recovery_codes(session, desk.codes, user_id)

            batch_id = await once(session, input.attempt("renewRecoveryCodes"), renew)
        return RenewRecoveryCodesPayload(recovery_codes=mfa_factors.recovery_codes(desk.codes, user_id, batch_id))
