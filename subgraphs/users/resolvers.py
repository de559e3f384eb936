"""The root fields of the users subgraph: unpack, call, wrap."""

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.pagination import Keyset
from shared.graphql.user_errors import Refusals
from shared.passwords import check_password
from subgraphs.users import service
from subgraphs.users.context import Info
from subgraphs.users.store import UserStore
from subgraphs.users.types import (
    Invitation,
    InviteUsersInput,
    InviteUsersPayload,
    SignUpInput,
    SignUpPayload,
    User,
)

_BY_ID = Keyset(tuple[UUID])
_Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The person's.")]


@strawberry.type
class Query:
    @strawberry.field(description="The person calling.")
    async def me(self, info: Info) -> User | None:
        row = await info.context.loaders.user_by_id.load(info.context.caller.require_user())
        return User.of(row) if row else None

    @strawberry.field(description="A person of the caller's tenant.")
    async def user(self, info: Info, id: _Id) -> User | None:
        row = await info.context.loaders.user_by_id.load(parse_id(id))
        return User.of(row) if row else None

    @strawberry.field(description="Everybody, in the order in which they came. Needs users:read.")
    async def users(self, info: Info, first: First = 20, after: After = None) -> Connection[User] | None:
        info.context.caller.require("users:read")
        page = _BY_ID.page(first, after)
        async with info.context.sessions.read(info.context.caller) as session:
            rows = await UserStore(session).page(page)
        return connect(rows, page, node=User.of, cursor=lambda row: _BY_ID.cursor((row.id,)))


@strawberry.type
class Mutation:
    @strawberry.mutation(
        extensions=[Refusals(InviteUsersPayload)], description="Invite people by e-mail. Needs users:invite."
    )
    async def invite_users(self, info: Info, input: InviteUsersInput) -> InviteUsersPayload | None:
        emails = [
            checks.email_address(email, field=f"emails.{position}") for position, email in enumerate(input.emails)
        ]
        async with unit_of_work(info.context.sessions, info.context.caller) as session:
            invited = await service.invite(session, emails, input.role, input.attempt("inviteUsers"))
        code = info.context.desk.invitations.sign
        return InviteUsersPayload(invitations=[Invitation.of(row, user, code=code(row.id)) for row, user in invited])

    @strawberry.mutation(extensions=[Refusals(SignUpPayload)], description="Join a tenant with a password.")
    async def sign_up(self, info: Info, input: SignUpInput) -> SignUpPayload | None:
        check_password(input.password)
        newcomer = service.Newcomer(
            email=checks.email_address(input.email),
            display_name=checks.text(input.display_name, field="displayName"),
            password=input.password,
            invitation=input.invitation,
        )
        attempt = input.attempt("signUp", without={"password"})
        signed_up = await service.sign_up(info.context.desk, input.tenant, newcomer, attempt)
        return SignUpPayload(user=User.of(signed_up.user), ready=signed_up.ready)
