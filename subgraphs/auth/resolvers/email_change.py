"""Changing one's address: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import email_change, email_change_undo
from subgraphs.auth.types.email_change import (
    ChangeEmailInput,
    ChangeEmailPayload,
    ConfirmEmailChangeInput,
    ConfirmEmailChangePayload,
    UndoEmailChangeInput,
    UndoEmailChangePayload,
)


@strawberry.type
class EmailChangeMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(ChangeEmailPayload)],
        description="Ask to sign in by another address: a code is mailed there, for `confirmEmailChange`, and the "
        "address that the viewer has is told.",
    )
    async def change_email(self, info: Info, input: ChangeEmailInput) -> ChangeEmailPayload | None:
        email, attempt = checks.email_address(input.new_email, field="newEmail"), input.attempt("changeEmail")
        lifetime = await email_change.request(info.context.desk, info.context.caller, email, attempt)
        return ChangeEmailPayload(valid_minutes=int(lifetime.total_seconds()) // 60)

    @strawberry.mutation(
        extensions=[Refusals(ConfirmEmailChangePayload)],
        description="Show that the viewer reads the mail of the address that they want; in the session of whoever "
        "asked for it, or another one of theirs.",
    )
    async def confirm_email_change(
        self, info: Info, input: ConfirmEmailChangeInput
    ) -> ConfirmEmailChangePayload | None:
        attempt = input.attempt("confirmEmailChange")
        user_id = await email_change.confirm(info.context.desk, info.context.caller, input.code, attempt)
        return ConfirmEmailChangePayload(user_id=strawberry.ID(str(user_id)))

    @strawberry.mutation(
        extensions=[Refusals(UndoEmailChangePayload)],
        description="Take a change of address back, by the code that the address before was sent. All sessions of the "
        "person end, and they choose another password by `requestPasswordReset`.",
    )
    async def undo_email_change(self, info: Info, input: UndoEmailChangeInput) -> UndoEmailChangePayload | None:
        attempt = input.attempt("undoEmailChange")
        user_id = await email_change_undo.undo(info.context.desk, input.tenant, input.code, attempt)
        return UndoEmailChangePayload(user_id=strawberry.ID(str(user_id)))
