"""The auth subgraph as its callers see it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient

from shared.caller import Caller, TenantId
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tokens import TokenIssuer, TokenVerifier, generate_signing_key
from subgraphs.auth.models import SignInSession
from subgraphs.auth.service import accounts as service
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

SIGN_UP = """mutation ($input: SignUpTenantInput!) {
  signUpTenant(input: $input) {
    tenant { id slug name plan status }
    session { accessToken expiresAt }
    userErrors { code path }
  }
}"""
SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) {
    session { accessToken }
    viewer { user { id } tenant { slug } role scopes }
    userErrors { code }
  }
}"""
SIGN_OUT = "mutation ($input: SignOutInput!) { signOut(input: $input) { sessionId userErrors { code } } }"
VIEWER = "{ viewer { user { id } tenant { id slug } role scopes } }"
ENTITIES = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Tenant { id slug name } }
}"""


def new_tenant(**changes: Any) -> dict[str, Any]:
    """The variables of a sign-up."""
    slug = f"north-{uuid7().hex[-12:]}"
    asked = {
        "name": "North",
        "slug": slug,
        "ownerName": "Ada",
        "ownerEmail": "ada@example.org",
        "password": "correct horse",
    }
    return {"input": {**asked, **changes}}


def credentials(tenant: Tenant, /, **changes: Any) -> dict[str, Any]:
    """The variables of a sign-in."""
    return {"input": {"tenant": tenant.slug, "email": "ada@example.org", "password": "correct horse", **changes}}


@pytest.mark.usefixtures("worker")
class TestSignUpTenant:
    async def test_opens_a_tenant_and_signs_the_owner_in(self, ask: Ask) -> None:
        asked = new_tenant()
        signed_up = (await ask(SIGN_UP, asked))["data"]["signUpTenant"]
        assert signed_up["userErrors"] == []
        assert (signed_up["tenant"]["status"], signed_up["tenant"]["plan"]) == ("ACTIVE", "FREE")
        viewer = (await ask(VIEWER, token=signed_up["session"]["accessToken"]))["data"]["viewer"]
        assert viewer["role"] == "OWNER"
        assert "users:invite" in viewer["scopes"]
        assert viewer["tenant"] == {"id": signed_up["tenant"]["id"], "slug": asked["input"]["slug"]}

    async def test_a_slug_is_given_once(self, ask: Ask) -> None:
        asked = new_tenant()
        await ask(SIGN_UP, asked)
        answer = await ask(SIGN_UP, new_tenant(slug=asked["input"]["slug"]))
        assert answer["data"]["signUpTenant"] == {
            "tenant": None,
            "session": None,
            "userErrors": [{"code": "SLUG_TAKEN", "path": ["input", "slug"]}],
        }

    async def test_sent_again_with_its_key_gives_the_same_tenant(self, ask: Ask) -> None:
        asked = new_tenant(idempotencyKey=str(uuid7()))
        first = (await ask(SIGN_UP, asked))["data"]["signUpTenant"]
        again = (await ask(SIGN_UP, asked))["data"]["signUpTenant"]
        assert again["tenant"] == first["tenant"]
        assert again["session"]

    async def test_sent_again_with_another_password_gives_nothing_away(self, ask: Ask) -> None:
        asked = new_tenant(idempotencyKey=str(uuid7()))
        await ask(SIGN_UP, asked)
        again = {"input": {**asked["input"], "password": "battery staple"}}
        assert code_of(await ask(SIGN_UP, again)) == "INVALID_CREDENTIALS"

    async def test_refuses_a_key_used_for_another_input(self, ask: Ask) -> None:
        asked = new_tenant(idempotencyKey=str(uuid7()))
        await ask(SIGN_UP, asked)
        for changes in ({"name": "South"}, {"slug": f"south-{uuid7().hex[-12:]}"}):
            other = {"input": {**asked["input"], **changes}}
            assert code_of(await ask(SIGN_UP, other)) == "IDEMPOTENCY_KEY_REUSED"

    @pytest.mark.parametrize(
        "changes", [{"slug": "No Good"}, {"name": ""}, {"ownerName": ""}, {"ownerEmail": "ada"}, {"password": "short"}]
    )
    async def test_refuses_bad_input(self, ask: Ask, changes: dict[str, str]) -> None:
        assert code_of(await ask(SIGN_UP, new_tenant(**changes))) == "BAD_USER_INPUT"


class TestSignUpWithoutWorker:
    async def test_tells_that_the_tenant_is_not_there_yet(self, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "PROVISIONING_SECONDS", 0.1)
        signed_up = (await ask(SIGN_UP, new_tenant()))["data"]["signUpTenant"]
        assert signed_up["tenant"]["status"] == "PROVISIONING"
        assert signed_up["session"] is None

    async def test_nobody_can_sign_in_yet(self, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "PROVISIONING_SECONDS", 0.1)
        asked = new_tenant()
        await ask(SIGN_UP, asked)
        unopened = Tenant(TenantId(uuid7()), asked["input"]["slug"])
        assert code_of(await ask(SIGN_IN, credentials(unopened))) == "TENANT_NOT_FOUND"


class TestSignIn:
    async def test_gives_a_token_for_the_account(
        self, ask: Ask, add_account: AddAccount, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        account = await add_account(tenant, "ada@example.org", "correct horse", Role.INSTRUCTOR)
        signed_in = (await ask(SIGN_IN, credentials(tenant, email=" Ada@Example.org")))["data"]["signIn"]
        assert signed_in["viewer"]["user"]["id"] == str(account.user_id)
        caller = await own_verifier.caller(signed_in["session"]["accessToken"])
        assert (caller.tenant_id, caller.user_id, caller.role) == (tenant.id, account.user_id, "INSTRUCTOR")
        assert caller.scopes == BUILT_IN[Role.INSTRUCTOR]

    async def test_a_wrong_password_and_an_unknown_address_are_refused_alike(
        self, ask: Ask, add_account: AddAccount, tenant: Tenant
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        wrong = await ask(SIGN_IN, credentials(tenant, password="battery staple"))
        unknown = await ask(SIGN_IN, credentials(tenant, email="bob@example.org"))
        assert wrong == unknown
        assert code_of(wrong) == "INVALID_CREDENTIALS"

    async def test_an_account_of_another_tenant_is_unknown(
        self, ask: Ask, add_account: AddAccount, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        assert code_of(await ask(SIGN_IN, credentials(other_tenant))) == "INVALID_CREDENTIALS"

    async def test_an_unknown_tenant_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(SIGN_IN, credentials(tenant, tenant="nowhere"))) == "TENANT_NOT_FOUND"

    @pytest.mark.parametrize("unkept", ["", "a\0b", "a" * 5_000])
    async def test_what_cannot_be_kept_is_unknown(self, ask: Ask, tenant: Tenant, unkept: str) -> None:
        assert code_of(await ask(SIGN_IN, credentials(tenant, tenant=unkept))) == "TENANT_NOT_FOUND"
        assert code_of(await ask(SIGN_IN, credentials(tenant, email=unkept))) == "INVALID_CREDENTIALS"

    async def test_sent_again_with_its_key_keeps_the_session(
        self, ask: Ask, add_account: AddAccount, sessions: Sessions, tenant: Tenant, own_verifier: TokenVerifier
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        asked = credentials(tenant, idempotencyKey="k")
        tokens = [(await ask(SIGN_IN, asked))["data"]["signIn"]["session"]["accessToken"] for _ in range(2)]
        callers = [await own_verifier.caller(token) for token in tokens]
        assert callers[0].session_id == callers[1].session_id
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(SignInSession)) == 1

    async def test_a_key_does_not_replace_the_password(self, ask: Ask, add_account: AddAccount, tenant: Tenant) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        await ask(SIGN_IN, credentials(tenant, idempotencyKey="k"))
        again = credentials(tenant, idempotencyKey="k", password="battery staple")
        assert code_of(await ask(SIGN_IN, again)) == "INVALID_CREDENTIALS"


class TestViewer:
    async def test_needs_somebody_signed_in(self, ask: Ask) -> None:
        assert code_of(await ask(VIEWER)) == "UNAUTHENTICATED"

    async def test_a_forged_token_refuses_the_request(self, ask: Ask, tenant: Tenant) -> None:
        stranger = TokenIssuer(generate_signing_key())
        caller = tenant.caller()
        token = stranger.issue(tenant.id, caller.require_user(), uuid7(), role="OWNER", scopes=["tenant:manage"])
        answer = await ask(VIEWER, token=token.access_token)
        assert code_of(answer) == "UNAUTHENTICATED"
        assert "data" not in answer


class TestTenant:
    async def test_is_the_callers_own(self, ask: Ask, tenant: Tenant, token_of: Callable[[Caller], str]) -> None:
        answer = await ask("{ tenant { slug status } }", token=token_of(tenant.caller()))
        assert answer == {"data": {"tenant": {"slug": tenant.slug, "status": "ACTIVE"}}}

    async def test_another_does_not_exist_by_either_key(
        self, ask: Ask, tenant: Tenant, other_tenant: Tenant, token_of: Callable[[Caller], str]
    ) -> None:
        representations = [
            {"__typename": "Tenant", **key}
            for one in (tenant, other_tenant)
            for key in ({"id": str(one.id)}, {"slug": one.slug})
        ]
        token = token_of(tenant.caller())
        answer = await ask(ENTITIES, {"representations": representations}, token=token)
        found = [entity and entity["slug"] for entity in answer["data"]["_entities"]]
        assert found == [tenant.slug, tenant.slug, None, None]
        assert "errors" not in answer


class TestPublishedKeys:
    async def test_verify_what_was_issued(self, auth: SubgraphApp) -> None:
        async with AsyncClient(transport=ASGITransport(auth.app), base_url="http://auth") as client:
            answer = await client.get("/.well-known/jwks.json")
        [key] = answer.json()["keys"]
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert "d" not in key


class TestSignOut:
    async def test_ends_the_session_of_the_token_and_tells_it_once(
        self, ask: Ask, tenant: Tenant, add_account: AddAccount, sessions: Sessions, own_verifier: TokenVerifier
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        tokens = [
            (await ask(SIGN_IN, credentials(tenant)))["data"]["signIn"]["session"]["accessToken"] for _ in range(2)
        ]
        callers = [await own_verifier.caller(token) for token in tokens]
        for _ in range(2):
            answer = await ask(SIGN_OUT, {"input": {}}, token=tokens[0])
            assert answer["data"]["signOut"] == {"sessionId": str(callers[0].session_id), "userErrors": []}
        async with sessions.read(tenant.caller()) as session:
            known = {each.id: each.ended_at for each in await session.scalars(sa.select(SignInSession))}
            told = list(await session.scalars(sa.select(OutboxRow).where(OutboxRow.topic == "auth.session-ended.v1")))
        assert known[session_of(callers[0])] is not None
        assert known[session_of(callers[1])] is None
        assert len(told) == 1

    async def test_needs_a_session(self, ask: Ask) -> None:
        assert code_of(await ask(SIGN_OUT, {"input": {}})) == "UNAUTHENTICATED"

    async def test_a_session_of_another_person_stays_open(
        self, ask: Ask, tenant: Tenant, add_account: AddAccount, sessions: Sessions, token_of: Callable[[Caller], str]
    ) -> None:
        await add_account(tenant, "ada@example.org", "correct horse")
        await ask(SIGN_IN, credentials(tenant))
        async with sessions.read(tenant.caller()) as session:
            (opened,) = await session.scalars(sa.select(SignInSession))
        stranger = replace(tenant.caller(), session_id=opened.id)
        await ask(SIGN_OUT, {"input": {}}, token=token_of(stranger))
        async with sessions.read(tenant.caller()) as session:
            (still,) = await session.scalars(sa.select(SignInSession))
        assert still.ended_at is None


def session_of(caller: Caller) -> UUID:
    assert caller.session_id is not None
    return caller.session_id
