"""API tokens: who makes them, what they may do, and when that is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared import api_tokens
from shared.caller import Caller, TenantId
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.roles import Role
from shared.tokens import TokenVerifier
from subgraphs.auth.models import Account, ApiToken
from subgraphs.auth.service import api_tokens as service
from subgraphs.auth.store.accounts import SignInSessionStore
from tests.queries import Queries
from tests.subgraphs.auth.api_tokens.conftest import SignedIn, asked
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateApiTokenInput!) {
  createApiToken(input: $input) {
    apiToken { id name ending scopes expiresAt lastUsedAt revokedAt user { id } serviceAccount { id } }
    secret
    userErrors { code path }
  }
}"""
REVOKE = """mutation ($input: RevokeApiTokenInput!) {
  revokeApiToken(input: $input) { apiToken { id revokedAt } userErrors { code } }
}"""
LIST = """query ($first: Int! = 20, $after: String, $userId: ID) {
  apiTokens(first: $first, after: $after, userId: $userId) {
    edges { node { id name } } pageInfo { hasNextPage endCursor }
  }
}"""
EXCHANGE = "query ($token: String!) { apiTokenSession(token: $token) { accessToken expiresAt } }"

TokenOf = Callable[[Caller], str]


async def made(ask: Ask, token: str, **changes: Any) -> dict[str, Any]:
    """A token just made."""
    created = (await ask(CREATE, asked(**changes), token=token))["data"]["createApiToken"]
    assert created["userErrors"] == []
    return created


async def exchanged(ask: Ask, secret: str) -> dict[str, Any]:
    return await ask(EXCHANGE, {"token": secret})


async def changed(sessions: Sessions, tenant: Tenant, table: type[Any], **values: Any) -> None:
    """Change all rows of a table of a tenant."""
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(sa.update(table).values(**values))


class TestCreate:
    async def test_shows_the_secret_once_and_keeps_its_hash_alone(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada = await signed_in(tenant)
        created = await made(ask, token_of(ada), idempotencyKey="k")
        again = await made(ask, token_of(ada), idempotencyKey="k")
        secret: str = created["secret"]
        assert (again["apiToken"]["id"], again["secret"]) == (created["apiToken"]["id"], None)
        assert api_tokens.tenant_of(secret) == tenant.id
        assert secret.endswith(created["apiToken"]["ending"])
        async with sessions.read(tenant.caller()) as session:
            [row] = await session.scalars(sa.select(ApiToken))
            told = [str(each) for each in await session.scalars(sa.select(OutboxRow.payload))]
        assert row.digest == api_tokens.digest(secret)
        assert secret not in f"{vars(row)} {told}"

    async def test_is_its_makers_and_ends_by_itself(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        token = (await made(ask, token_of(ada)))["apiToken"]
        assert (token["user"], token["serviceAccount"]) == ({"id": str(ada.user_id)}, None)
        left = datetime.fromisoformat(token["expiresAt"]) - datetime.now(UTC)
        assert timedelta(days=89) < left <= timedelta(days=90)

    async def test_does_nothing_that_its_maker_may_not(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        bob = await signed_in(tenant, Role.LEARNER)
        for scopes in (["tenant:manage"], ["learn", "courses:write"], ["no:such"]):
            answer = await ask(CREATE, asked(scopes=scopes), token=token_of(bob))
            refused = answer["data"]["createApiToken"]
            assert refused["userErrors"] == [{"code": "SCOPE_NOT_HELD", "path": ["input", "scopes"]}]
            assert (refused["apiToken"], refused["secret"]) == (None, None)

    async def test_refuses_bad_input(self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant) -> None:
        token = token_of(await signed_in(tenant))
        wrong: tuple[dict[str, Any], ...] = (
            {"name": ""},
            {"scopes": []},
            {"expiresAt": "2020-01-01T00:00:00Z"},
            {"expiresAt": "2999-01-01T00:00:00Z"},
            {"expiresAt": "2030-01-01T00:00:00"},
            {"serviceAccountId": "x"},
        )
        for changes in wrong:
            assert code_of(await ask(CREATE, asked(**changes), token=token)) == "BAD_USER_INPUT", changes

    async def test_needs_somebody_signed_in(self, ask: Ask) -> None:
        assert code_of(await ask(CREATE, asked())) == "UNAUTHENTICATED"

    async def test_no_program_makes_lists_or_revokes_tokens(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        created = await made(ask, token_of(ada), scopes=["learn", "sessions:manage"])
        access = (await exchanged(ask, created["secret"]))["data"]["apiTokenSession"]["accessToken"]
        assert code_of(await ask(CREATE, asked(), token=access)) == "STEP_UP_REQUIRED"
        assert code_of(await ask(LIST, token=access)) == "FORBIDDEN"
        assert code_of(await ask(REVOKE, {"input": {"id": created["apiToken"]["id"]}}, token=access)) == "FORBIDDEN"

    async def test_whoever_has_left_their_desk_proves_again_who_they_are(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        assert ada.auth_time
        away = replace(ada, auth_time=ada.auth_time - 3600)
        assert code_of(await ask(CREATE, asked(), token=token_of(away))) == "STEP_UP_REQUIRED"

    async def test_a_session_that_has_ended_makes_none(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada = await signed_in(tenant)
        assert ada.session_id
        async with unit_of_work(sessions, ada) as session:
            await SignInSessionStore(session).end(ada.session_id, ada.require_user())
        assert code_of(await ask(CREATE, asked(), token=token_of(ada))) == "FORBIDDEN"

    async def test_nobody_has_more_than_a_hundred(
        self,
        ask: Ask,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
        sessions: Sessions,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(service, "MOST_OPEN", 1)
        ada = await signed_in(tenant)
        first = await made(ask, token_of(ada))
        answer = await ask(CREATE, asked(), token=token_of(ada))
        assert answer["data"]["createApiToken"]["userErrors"][0]["code"] == "TOO_MANY_API_TOKENS"
        await ask(REVOKE, {"input": {"id": first["apiToken"]["id"]}}, token=token_of(ada))
        await made(ask, token_of(ada))


class TestExchange:
    async def test_gives_an_access_token_of_the_owner_within_the_scopes(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        ada = await signed_in(tenant)
        created = await made(ask, token_of(ada), scopes=["learn", "users:read"])
        session = (await exchanged(ask, created["secret"]))["data"]["apiTokenSession"]
        caller = await own_verifier.caller(session["accessToken"])
        assert (caller.tenant_id, caller.user_id, caller.role) == (tenant.id, ada.user_id, "OWNER")
        assert caller.scopes == {"learn", "users:read"}
        assert str(caller.session_id) == created["apiToken"]["id"]

    async def test_the_access_token_ends_with_the_api_token(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada = await signed_in(tenant)
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
        created = await made(ask, token_of(ada), expiresAt=soon.isoformat())
        session = (await exchanged(ask, created["secret"]))["data"]["apiTokenSession"]
        assert datetime.fromisoformat(session["expiresAt"]) == soon

    async def test_loses_what_its_owner_has_lost(
        self,
        ask: Ask,
        signed_in: SignedIn,
        token_of: TokenOf,
        tenant: Tenant,
        sessions: Sessions,
        own_verifier: TokenVerifier,
    ) -> None:
        ada = await signed_in(tenant)
        created = await made(ask, token_of(ada), scopes=["learn", "tenant:manage"])
        await changed(sessions, tenant, Account, role="LEARNER")
        session = (await exchanged(ask, created["secret"]))["data"]["apiTokenSession"]
        caller = await own_verifier.caller(session["accessToken"])
        assert (caller.role, caller.scopes) == ("LEARNER", {"learn"})

    async def test_notes_the_use_once_a_minute(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions, queries: Queries
    ) -> None:
        created = await made(ask, token_of(await signed_in(tenant)))
        await exchanged(ask, created["secret"])
        async with sessions.read(tenant.caller()) as session:
            [used] = await session.scalars(sa.select(ApiToken.last_used_at))
        assert used is not None
        queries.clear()
        await exchanged(ask, created["secret"])
        assert not [statement for statement in queries if "UPDATE" in statement]

    async def test_expired_revoked_and_unknown_ones_are_refused_alike(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        created = await made(ask, token_of(await signed_in(tenant)))
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        later = datetime.now(UTC) + timedelta(days=1)
        unmade = await exchanged(ask, api_tokens.generate(TenantId(uuid7())))
        assert code_of(unmade) == "UNAUTHENTICATED"
        assert await exchanged(ask, "stud_nothing") == unmade
        wrong: tuple[dict[str, Any], ...] = (
            {"expires_at": long_ago},
            {"expires_at": later, "revoked_at": long_ago},
            {"revoked_at": None, "digest": b"another"},
        )
        for values in wrong:
            await changed(sessions, tenant, ApiToken, **values)
            assert await exchanged(ask, created["secret"]) == unmade, values
        await changed(sessions, tenant, ApiToken, digest=api_tokens.digest(created["secret"]))
        assert "errors" not in await exchanged(ask, created["secret"])

    async def test_another_tenants_secret_is_unknown_here(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, other_tenant: Tenant, sessions: Sessions
    ) -> None:
        created = await made(ask, token_of(await signed_in(tenant)))
        forged = api_tokens.generate(other_tenant.id)
        await changed(sessions, tenant, ApiToken, digest=api_tokens.digest(forged))
        assert code_of(await exchanged(ask, forged)) == "UNAUTHENTICATED"
        assert code_of(await exchanged(ask, created["secret"])) == "UNAUTHENTICATED"


class TestRevoke:
    async def test_ends_the_token_and_tells_it_once_as_an_ended_session(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant, sessions: Sessions
    ) -> None:
        ada = await signed_in(tenant)
        created = await made(ask, token_of(ada))
        asking = {"input": {"id": created["apiToken"]["id"]}}
        first = (await ask(REVOKE, asking, token=token_of(ada)))["data"]["revokeApiToken"]
        again = (await ask(REVOKE, asking, token=token_of(ada)))["data"]["revokeApiToken"]
        assert first == again
        assert first["apiToken"]["revokedAt"]
        assert code_of(await exchanged(ask, created["secret"])) == "UNAUTHENTICATED"
        async with sessions.read(tenant.caller()) as session:
            told = list(await session.execute(sa.select(OutboxRow.topic, OutboxRow.payload).order_by(OutboxRow.seq)))
        assert [topic for topic, _ in told] == [
            "auth.api-token-created.v1",
            "auth.api-token-revoked.v1",
            "auth.session-ended.v1",
        ]
        ended = told[2][1]
        assert (ended["session_id"], ended["user_id"]) == (created["apiToken"]["id"], str(ada.user_id))

    async def test_somebody_elses_does_not_exist_for_most(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant, Role.INSTRUCTOR)
        asking = {"input": {"id": (await made(ask, token_of(ada)))["apiToken"]["id"]}}
        theirs = await ask(REVOKE, asking, token=token_of(bob))
        unknown = await ask(REVOKE, {"input": {"id": str(uuid7())}}, token=token_of(bob))
        assert theirs == unknown
        assert code_of(theirs) == "NOT_FOUND"

    async def test_whoever_manages_sessions_ends_and_sees_anybodys(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant, Role.LEARNER)
        theirs = (await made(ask, token_of(bob)))["apiToken"]["id"]
        answer = await ask(LIST, {"userId": str(bob.user_id)}, token=token_of(ada))
        assert [edge["node"]["id"] for edge in answer["data"]["apiTokens"]["edges"]] == [theirs]
        answer = await ask(REVOKE, {"input": {"id": theirs}}, token=token_of(ada))
        assert answer["data"]["revokeApiToken"]["apiToken"]["revokedAt"]


class TestList:
    async def test_shows_ones_own_newest_first_page_by_page(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant)
        for name in ("one", "two", "three"):
            await made(ask, token_of(ada), name=name)
        await made(ask, token_of(bob), name="other")
        first = (await ask(LIST, {"first": 2}, token=token_of(ada)))["data"]["apiTokens"]
        assert [edge["node"]["name"] for edge in first["edges"]] == ["three", "two"]
        assert first["pageInfo"]["hasNextPage"]
        rest = (await ask(LIST, {"after": first["pageInfo"]["endCursor"]}, token=token_of(ada)))["data"]["apiTokens"]
        assert [edge["node"]["name"] for edge in rest["edges"]] == ["one"]

    async def test_shows_nobody_elses_to_most(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant, Role.LEARNER)
        assert code_of(await ask(LIST, {"userId": str(ada.user_id)}, token=token_of(bob))) == "FORBIDDEN"

    async def test_a_session_of_another_person_is_not_ones_own(
        self, ask: Ask, signed_in: SignedIn, token_of: TokenOf, tenant: Tenant
    ) -> None:
        ada, bob = await signed_in(tenant), await signed_in(tenant)
        assert code_of(await ask(LIST, token=token_of(replace(bob, session_id=ada.session_id)))) == "FORBIDDEN"
