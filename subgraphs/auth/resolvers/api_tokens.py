"""The root fields of API tokens and service accounts: unpack, call, wrap."""

from typing import Annotated

import strawberry

from shared import checks
from shared.database import unit_of_work
from shared.errors import parse_id
from shared.graphql.connection import After, Connection, First, connect
from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.service import api_tokens, service_accounts
from subgraphs.auth.service.api_tokens import NEWEST_FIRST
from subgraphs.auth.store.api_tokens import TokenOwner
from subgraphs.auth.store.service_accounts import ServiceAccountStore
from subgraphs.auth.types.accounts import IssuedSession
from subgraphs.auth.types.api_tokens import (
    ApiToken,
    CreateApiTokenInput,
    CreateApiTokenPayload,
    CreateServiceAccountInput,
    CreateServiceAccountPayload,
    DisableServiceAccountInput,
    DisableServiceAccountPayload,
    RevokeApiTokenInput,
    RevokeApiTokenPayload,
    ServiceAccount,
    read_tokens,
)

OfUser = Annotated[
    strawberry.ID | None, strawberry.argument(description="Another person, for whoever manages sessions.")
]
OfServiceAccount = Annotated[
    strawberry.ID | None, strawberry.argument(description="A service account, for whoever manages programs.")
]
Presented = Annotated[str, strawberry.argument(description="The API token.")]


@strawberry.type
class ApiTokenQuery:
    @strawberry.field(
        description="API tokens, newest first: the viewer's own, unless somebody else is named. In a session that the "
        "viewer has opened themselves."
    )
    async def api_tokens(
        self,
        info: Info,
        first: First = 20,
        after: After = None,
        user_id: OfUser = None,
        service_account_id: OfServiceAccount = None,
    ) -> Connection[ApiToken] | None:
        if service_account_id is not None:
            owner = TokenOwner(service_account_id=parse_id(service_account_id, field="serviceAccountId"))
        elif user_id is not None:
            owner = TokenOwner(user_id=parse_id(user_id, field="userId"))
        else:
            owner = TokenOwner(user_id=info.context.caller.require_user())
        return await read_tokens(info, owner, first, after)

    @strawberry.field(description="The tenant's programs that have an account of their own, newest first.")
    async def service_accounts(
        self, info: Info, first: First = 20, after: After = None
    ) -> Connection[ServiceAccount] | None:
        caller = info.context.caller
        caller.require(api_tokens.MANAGE_PROGRAMS)
        page = NEWEST_FIRST.page(first, after)
        async with info.context.desk.sessions.read(caller) as session:
            rows = await ServiceAccountStore(session).page(page)
        return connect(rows, page, node=ServiceAccount.of, cursor=lambda row: NEWEST_FIRST.cursor((row.id,)))

    @strawberry.federation.field(
        inaccessible=True, description="For routers: what an API token is exchanged for when a program presents it."
    )
    async def api_token_session(self, info: Info, token: Presented) -> IssuedSession | None:
        return IssuedSession.of(await api_tokens.exchange(info.context.desk, token))


@strawberry.type
class ApiTokenMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(CreateApiTokenPayload)],
        description="Make a token for a program. It may do what it is made for and its owner may do. Shortly after "
        "the viewer has proved who they are.",
    )
    async def create_api_token(self, info: Info, input: CreateApiTokenInput) -> CreateApiTokenPayload | None:
        new = input.asked()
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            created = await api_tokens.create_api_token(session, new, input.attempt("createApiToken"))
        return CreateApiTokenPayload.of(created)

    @strawberry.mutation(
        extensions=[Refusals(RevokeApiTokenPayload)],
        description="End a token: it is refused from now on, and the subscriptions of programs that present it end "
        "within a second.",
    )
    async def revoke_api_token(self, info: Info, input: RevokeApiTokenInput) -> RevokeApiTokenPayload | None:
        token_id = parse_id(input.id)
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            row = await api_tokens.revoke_api_token(session, token_id, input.attempt("revokeApiToken"))
        return RevokeApiTokenPayload(api_token=ApiToken.of(row))

    @strawberry.mutation(
        extensions=[Refusals(CreateServiceAccountPayload)],
        description="Open an account for a program; `createApiToken` lets it in.",
    )
    async def create_service_account(
        self, info: Info, input: CreateServiceAccountInput
    ) -> CreateServiceAccountPayload | None:
        name, attempt = checks.text(input.name, field="name"), input.attempt("createServiceAccount")
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            row = await service_accounts.create_service_account(session, name, input.role, attempt)
        return CreateServiceAccountPayload(service_account=ServiceAccount.of(row))

    @strawberry.mutation(
        extensions=[Refusals(DisableServiceAccountPayload)],
        description="Close a program's account for good, and revoke all of its tokens.",
    )
    async def disable_service_account(
        self, info: Info, input: DisableServiceAccountInput
    ) -> DisableServiceAccountPayload | None:
        account_id = parse_id(input.id)
        async with unit_of_work(info.context.desk.sessions, info.context.caller) as session:
            row = await service_accounts.disable_service_account(
                session, account_id, input.attempt("disableServiceAccount")
            )
        return DisableServiceAccountPayload(service_account=ServiceAccount.of(row))
