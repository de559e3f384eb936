"""The root fields about invitations: unpack, call, wrap."""

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.graphql.user_errors import Refusals
from subgraphs.users.context import Info
from subgraphs.users.service import invitations as service
from subgraphs.users.types.invitations import Invitation, InviteUsersInput, InviteUsersPayload


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
        code = info.context.desk.invitations.sign
        return InviteUsersPayload(invitations=[Invitation.of(row, user, code=code(row.id)) for row, user in invited])
