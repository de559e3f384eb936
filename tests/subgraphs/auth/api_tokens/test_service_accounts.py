"""Service accounts: programs that act for the tenant and for nobody in it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.roles import Role
from shared.tokens import TokenVerifier
from tests.queries import Queries
from tests.subgraphs.auth.api_tokens.conftest import SignedIn, asked
from tests.subgraphs.auth.api_tokens.test_api_tokens import CREATE as CREATE_TOKEN
from tests.subgraphs.auth.api_tokens.test_api_tokens import exchanged
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateServiceAccountInput!) {
  createServiceAccount(input: $input) { serviceAccount { id name role disabledAt } userErrors { code path } }
}"""
DISABLE = """mutation ($input: DisableServiceAccountInput!) {
  disableServiceAccount(input: $input) { serviceAccount { id disabledAt } userErrors { code } }
}"""
LIST = "{ serviceAccounts(first: 10) { edges { node { name role disabledAt } } } }"
TOKENS = """query ($id: ID!) {
  apiTokens(serviceAccountId: $id) { edges { node { id user { id } serviceAccount { name } } } }
}"""

TokenOf = Callable[[Caller], str]


async def opened(ask: Ask, token: str, **changes: Any) -> dict[str, Any]:
    """What `createServiceAccount` answers."""
    given = {"input": {"name": "Timetable", "role": "INSTRUCTOR", **changes}}
    return (await ask(CREATE, given, token=token))["data"]["createServiceAccount"]


class TestServiceAccounts:
    async def test_sign_in_with_tokens_within_their_role(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        ada = token_of(await signed_in(tenant))
        account = (await opened(ask, ada))["serviceAccount"]
        given = asked(serviceAccountId=account["id"], scopes=["courses:write"])
        created = (await ask(CREATE_TOKEN, given, token=ada))["data"]["createApiToken"]
        session = (await exchanged(ask, created["secret"]))["data"]["apiTokenSession"]
        caller = await own_verifier.caller(session["accessToken"])
        assert (str(caller.user_id), caller.role, caller.scopes) == (account["id"], "INSTRUCTOR", {"courses:write"})
        given = asked(serviceAccountId=account["id"], scopes=["tenant:manage"])
        answer = await ask(CREATE_TOKEN, given, token=ada)
        assert answer["data"]["createApiToken"]["userErrors"][0]["code"] == "SCOPE_NOT_HELD"

    async def test_closed_ones_may_do_nothing_ever_again(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada = token_of(await signed_in(tenant))
        account = (await opened(ask, ada))["serviceAccount"]
        given = asked(serviceAccountId=account["id"])
        secrets = [(await ask(CREATE_TOKEN, given, token=ada))["data"]["createApiToken"]["secret"] for _ in range(2)]
        for _ in range(2):
            answer = await ask(DISABLE, {"input": {"id": account["id"]}}, token=ada)
            assert answer["data"]["disableServiceAccount"]["serviceAccount"]["disabledAt"]
        for secret in secrets:
            assert code_of(await exchanged(ask, secret)) == "UNAUTHENTICATED"
        assert code_of(await ask(CREATE_TOKEN, given, token=ada)) == "NOT_FOUND"
        async with sessions.read(tenant.caller()) as session:
            told = list(await session.scalars(sa.select(OutboxRow.topic)))
        assert told.count("auth.session-ended.v1") == 2
        assert told.count("auth.service-account-disabled.v1") == 1

    async def test_are_listed_with_their_tokens_in_few_statements(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, queries: Queries
    ) -> None:
        ada = token_of(await signed_in(tenant))
        account = (await opened(ask, ada))["serviceAccount"]
        for _ in range(3):
            await ask(CREATE_TOKEN, asked(serviceAccountId=account["id"]), token=ada)
        assert (await ask(LIST, token=ada))["data"]["serviceAccounts"]["edges"] == [
            {"node": {"name": "Timetable", "role": "INSTRUCTOR", "disabledAt": None}}
        ]
        queries.clear()
        edges = (await ask(TOKENS, {"id": account["id"]}, token=ada))["data"]["apiTokens"]["edges"]
        assert [edge["node"]["serviceAccount"] for edge in edges] == [{"name": "Timetable"}] * 3
        assert len([statement for statement in queries if "SELECT" in statement and "FROM" in statement]) == 3

    async def test_have_names_of_their_own(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = token_of(await signed_in(tenant))
        first = await opened(ask, ada, idempotencyKey="k")
        assert await opened(ask, ada, idempotencyKey="k") == first
        assert (await opened(ask, ada))["userErrors"] == [{"code": "NAME_TAKEN", "path": ["input", "name"]}]

    async def test_are_for_whoever_manages_programs(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant, Role.INSTRUCTOR)
        account = (await opened(ask, token_of(ada)))["serviceAccount"]
        token, id_ = token_of(bob), account["id"]
        assert code_of(await ask(LIST, token=token)) == "FORBIDDEN"
        assert code_of(await ask(CREATE, {"input": {"name": "x", "role": "LEARNER"}}, token=token)) == "FORBIDDEN"
        assert code_of(await ask(DISABLE, {"input": {"id": id_}}, token=token)) == "FORBIDDEN"
        assert code_of(await ask(CREATE_TOKEN, asked(serviceAccountId=id_), token=token)) == "FORBIDDEN"
        assert code_of(await ask(TOKENS, {"id": id_}, token=token)) == "FORBIDDEN"

    async def test_may_do_no_more_than_whoever_opens_them(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        limited = replace(ada, scopes=frozenset({"apps:manage", "learn"}))
        refused = await opened(ask, token_of(limited), role="OWNER")
        assert refused["userErrors"] == [{"code": "ROLE_NOT_HELD", "path": ["input", "role"]}]
        assert (await opened(ask, token_of(limited), role="LEARNER"))["userErrors"] == []

    async def test_another_tenants_do_not_exist(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        account = (await opened(ask, token_of(await signed_in(tenant))))["serviceAccount"]
        stranger = token_of(await signed_in(other_tenant))
        theirs = await ask(DISABLE, {"input": {"id": account["id"]}}, token=stranger)
        assert theirs == await ask(DISABLE, {"input": {"id": str(uuid7())}}, token=stranger)
        assert code_of(theirs) == "NOT_FOUND"
        answer = await ask(TOKENS, {"id": account["id"]}, token=stranger)
        assert answer["data"]["apiTokens"]["edges"] == []
