"""The root fields of passwords that are changed, and of second factors that are lost: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.errors import parse_id
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import recovery
from subgraphs.auth.types.recovery import (
    ChangePasswordInput,
    ChangePasswordPayload,
    ResetSecondFactorsInput,
    ResetSecondFactorsPayload,
)

_LONGEST_REASON = 500


@strawberry.type
class RecoveryMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ChangePasswordPayload)],
        description="Have another password. All other sessions of the viewer end.",
    )
    async def change_password(self, info: Info, input: ChangePasswordInput) -> ChangePasswordPayload | None:
        attempt = input.attempt("changePassword", without={"new_password"})
        kept = await recovery.change_password(info.context.desk, info.context.caller, input.new_password, attempt)
        return ChangePasswordPayload(session_id=strawberry.ID(str(kept)))

    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ResetSecondFactorsPayload)],
        description="Take away the authenticator apps, passkeys and recovery codes of somebody who has lost them, and "
        "who may do no more than the viewer. All of their sessions end; their password stays. Needs users:manage.",
    )
    async def reset_second_factors(
        self, info: Info, input: ResetSecondFactorsInput
    ) -> ResetSecondFactorsPayload | None:
        user_id, attempt = parse_id(input.user_id, field="userId"), input.attempt("resetSecondFactors")
        reason = checks.text(input.reason, field="reason", longest=_LONGEST_REASON)
        desk, caller = info.context.desk, info.context.caller
        done = await recovery.reset_second_factors(desk, caller, user_id, reason, attempt)
        return ResetSecondFactorsPayload(user_id=strawberry.ID(str(done)))
