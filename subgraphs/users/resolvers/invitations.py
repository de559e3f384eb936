"""The root fields about invitations: unpack, call, wrap."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Refusals
from shared.roles import Role
from subgraphs.users.context import Info
from subgraphs.users.models import Invitation as InvitationRow
from subgraphs.users.service import invitations as service
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.types.invitations import (
    Invitation,
    InviteUsersInput,
    InviteUsersPayload,
    ResendInvitationInput,
    ResendInvitationPayload,
    RevokeInvitationInput,
    RevokeInvitationPayload,
)

_BY_ID: Final = Keyset(tuple[UUID])


@strawberry.type
class InvitationQuery:
    @strawberry.field(description="The invitations, the newest first. Needs users:invite.")
    async def invitations(self, info: Info, first: First = 20, after: After = None) -> Connection[Invitation] | None:
        info.context.caller.require("users:invite")
        page = _BY_ID.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await InvitationStore(session).page(page)
        return connect(
            rows,
            page,
            node=lambda row: Invitation.of(*row, code=_code(info, row[0])),
            cursor=lambda row: _BY_ID.cursor((row[0].id,)),
        )


@strawberry.type
class InvitationMutation:
    @strawberry.mutation(
        extensions=[Refusals(InviteUsersPayload)], description="Invite people by e-mail. Needs users:invite."
    )
    async def invite_users(self, info: Info, input: InviteUsersInput) -> InviteUsersPayload | None:
        emails = [
            checks.email_address(email, field=f"emails.{position}") for position, email in enumerate(input.emails)
        ]
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            attempt, tenants = input.attempt("inviteUsers"), info.context.desk.tenants
            invited = await service.invite(session, emails, input.role, attempt, tenants)
        return InviteUsersPayload(
            invitations=[Invitation.of(row, user, code=_code(info, row)) for row, user in invited]
        )

    @strawberry.mutation(
        extensions=[Refusals(RevokeInvitationPayload)],
        description="Take an invitation back that nobody has signed up with. Needs users:invite.",
    )
    async def revoke_invitation(self, info: Info, input: RevokeInvitationInput) -> RevokeInvitationPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            row, user = await service.revoke(session, input.attempt("revokeInvitation"), parse_id(input.id))
        return RevokeInvitationPayload(invitation=Invitation.of(row, user, code=_code(info, row)))

    @strawberry.mutation(
        extensions=[Refusals(ResendInvitationPayload)],
        description="Mail an open invitation again, at most 5 times and 5 minutes after the last; one that has expired "
        "works again. Needs users:invite.",
    )
    async def resend_invitation(self, info: Info, input: ResendInvitationInput) -> ResendInvitationPayload | None:
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            attempt, invitation_id = input.attempt("resendInvitation"), parse_id(input.id)
            row, user = await service.resend(session, attempt, invitation_id, now=datetime.now(UTC))
        return ResendInvitationPayload(invitation=Invitation.of(row, user, code=_code(info, row)))


def _code(info: Info, row: InvitationRow) -> str | None:
    """Whoever has the code can be what the invitation says: it is not for those who could not make somebody that."""
    if not service.may_give(info.context.caller, Role(row.role)):
        return None
    return info.context.desk.invitations.sign(row.id)
