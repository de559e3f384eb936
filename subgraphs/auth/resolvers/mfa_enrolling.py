"""Adding a second factor on the way in: unpack, call, wrap."""

import strawberry

from shared.errors import parse_id
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.sessions import device_name
from subgraphs.auth.service import mfa_enrolling
from subgraphs.auth.types.accounts import IssuedSession, Viewer
from subgraphs.auth.types.mfa import EnrollMfaPayload
from subgraphs.auth.types.mfa_enrolling import (
    ConfirmRequiredMfaInput,
    ConfirmRequiredMfaPayload,
    EnrollRequiredMfaInput,
)


@strawberry.type
class MfaEnrollingMutation:
    @strawberry.mutation(
        extensions=[Refusals(EnrollMfaPayload)],
        description="Begin to add an authenticator app where a sign-in says `mustEnroll`; `confirmRequiredMfa` opens "
        "the session.",
    )
    async def enroll_required_mfa(self, info: Info, input: EnrollRequiredMfaInput) -> EnrollMfaPayload | None:
        name, attempt = device_name(input.name), input.attempt("enrollRequiredMfa")
        enrolment, tenant, account = await mfa_enrolling.enroll(
            info.context.desk, input.tenant, input.challenge, name, attempt
        )
        return EnrollMfaPayload.of(enrolment, tenant.name, account.email)

    @strawberry.mutation(
        extensions=[Refusals(ConfirmRequiredMfaPayload)],
        description="Let the app count, and open the session that was waiting for it; all others of the person end. "
        "Who keeps guessing has to wait.",
    )
    async def confirm_required_mfa(
        self, info: Info, input: ConfirmRequiredMfaInput
    ) -> ConfirmRequiredMfaPayload | None:
        factor_id, name = parse_id(input.factor_id, field="factorId"), device_name(input.device_name)
        attempt = input.attempt("confirmRequiredMfa")
        entered, codes = await mfa_enrolling.confirm(
            info.context.desk, input.tenant, input.challenge, factor_id, input.code, attempt, device_name=name
        )
        return ConfirmRequiredMfaPayload(
            session=IssuedSession.of_person(entered),
            viewer=Viewer.of(entered.user_id, entered.tenant, entered.role, entered.scopes),
            recovery_codes=codes,
        )
