"""Signing in through an OpenID provider of the tenant's own."""

from collections.abc import Callable
from dataclasses import replace
from time import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient, Response

from shared.caller import Caller
from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.policies import SignInPolicy, WayIn
from shared.tenancy.registry import Registry
from shared.tokens import TokenVerifier
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.models import SignInSession, TotpFactor
from tests.registry import restored
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.subgraphs.auth.federated.conftest import CONFIGURE, PUBLIC_URL, RETURN_URI, Configure, Person
from tests.subgraphs.auth.sign_in.test_policies import asks
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

COMPLETE = """mutation ($input: CompleteFederatedSignInInput!) {
  completeFederatedSignIn(input: $input) {
    session { accessToken refreshToken } viewer { user { id } } challenge { methods } userErrors { code }
  }
}"""
PROVIDERS = "{ identityProviders { alias name clientId returnUris } }"


def told(answer: Response) -> dict[str, str]:
    """What the address that the browser goes on to says."""
    assert answer.status_code == 303
    to = urlsplit(answer.headers["location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == RETURN_URI
    return {name: value for name, (value,) in parse_qs(to.fragment).items()}


async def complete(ask: Ask, tenant: Tenant, code: str, **changes: Any) -> dict[str, Any]:
    return await ask(COMPLETE, {"input": {"tenant": tenant.slug, "code": code, **changes}})


class TestSignIn:
    async def test_an_address_that_the_provider_speaks_for_leads_to_its_account(
        self,
        ask: Ask,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        own_verifier: TokenVerifier,
        sessions: Sessions,
    ) -> None:
        account = await add_account(tenant, ada.subject, "correct horse")
        configured = await configure()
        assert (
            configured["identityProvider"]["callbackUri"] == f"{PUBLIC_URL}/t/{tenant.slug}/federated/school/callback"
        )
        await ada.is_called()
        code = told(await ada.signs_in(browser, tenant))["code"]
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        caller = await own_verifier.caller(signed_in["session"]["accessToken"])
        assert (caller.tenant_id, caller.user_id) == (tenant.id, account.user_id)
        assert code_of(await complete(ask, tenant, code)) == "SIGN_IN_NOT_BEGUN"
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(SignInSession.way)) == WayIn.FEDERATED

    async def test_ends_before_it_brings_anybody_where_the_tenant_has_closed_the_way(
        self,
        ada: Person,
        browser: AsyncClient,
        outside: AsyncClient,
        configure: Configure,
        control: Control,
        tenant: Tenant,
        sessions: Sessions,
    ) -> None:
        await configure(opensAccounts=True)
        await ada.is_called()
        to_school = f"/t/{tenant.slug}/federated/school"
        begun = await browser.get(to_school, params={"return_uri": RETURN_URI})
        registry = Registry.create(control.login_url("auth"))
        async with restored(control, tenant):
            await asks(registry, tenant, SignInPolicy(ways=(WayIn.PASSWORD,)))
            at_provider = await outside.post(begun.headers["location"], data={"sub": ada.subject})
            back = await browser.get(at_provider.headers["location"])
            refused = await browser.get(to_school, params={"return_uri": RETURN_URI})
        await registry.aclose()
        assert told(back) == {"error": "WAY_IN_CLOSED"}
        assert (refused.status_code, refused.json()["error"]) == (403, "WAY_IN_CLOSED")
        async with sessions.read(tenant.caller()) as session:
            topics = (await session.scalars(sa.select(OutboxRow.topic))).all()
        assert "auth.person-arrived.v1" not in topics

    async def test_does_not_replace_the_second_factor_that_somebody_has_here(
        self,
        ask: Ask,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        sessions: Sessions,
    ) -> None:
        account = await add_account(tenant, ada.subject, "correct horse")
        async with unit_of_work(sessions, tenant.caller()) as session:
            factor = TotpFactor(
                user_id=account.user_id, sealed_secret=Protected("sealed"), confirmed_at=account.created_at
            )
            session.add(factor)
        await configure()
        await ada.is_called()
        code = told(await ada.signs_in(browser, tenant))["code"]
        waiting = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert (waiting["session"], waiting["viewer"]) == (None, None)
        assert waiting["challenge"] == {"methods": ["TOTP"]}

    async def test_is_a_fresh_proof_only_where_the_provider_says_so(
        self,
        ask: Ask,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        own_verifier: TokenVerifier,
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        now = int(time())
        proved: list[int | None] = []
        for said in (
            {"auth_time": None},
            {"auth_time": now - 86_400},
            {"auth_time": now - 5},
            {"auth_time": now + 3_600},
        ):
            await ada.is_called(**said)
            code = told(await ada.signs_in(browser, tenant))["code"]
            done = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
            proved.append((await own_verifier.caller(done["session"]["accessToken"])).auth_time)
        assert proved == [0, now - 86_400, now - 5, 0]

    async def test_proves_anew_who_somebody_is_where_that_is_asked_for(
        self, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        for said, error in (
            ({"auth_time": None}, "NOT_PROVED_AGAIN"),
            ({"auth_time": int(time()) - 600}, "NOT_PROVED_AGAIN"),
            ({"auth_time": int(time())}, None),
        ):
            await ada.is_called(**said)
            back = await ada.signs_in(browser, tenant, prompt="login")
            assert told(back).get("error") == error
            assert ada.was_asked["prompt"] == ["login"]
            assert ada.was_asked["max_age"] == ["0"]

    @pytest.mark.parametrize("counts", [True, False])
    async def test_counts_for_two_factors_if_the_tenant_wants_that(
        self,
        ask: Ask,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        own_verifier: TokenVerifier,
        *,
        counts: bool,
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure(secondFactorCounts=counts)
        levels: list[str | None] = []
        for said in (
            {"amr": ["pwd", "mfa"]},
            {"acr": "https://refeds.org/profile/mfa"},
            {"amr": ["pwd"]},
        ):
            await ada.is_called(**said)
            code = told(await ada.signs_in(browser, tenant))["code"]
            done = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
            levels.append((await own_verifier.caller(done["session"]["accessToken"])).acr)
        assert levels == (["aal2", "aal2", "aal1"] if counts else ["aal1"] * 3)

    @pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": None}])
    async def test_an_address_that_is_not_verified_leads_nowhere(
        self,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        claims: dict[str, Any],
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure(opensAccounts=True)
        await ada.is_called(**claims)
        assert told(await ada.signs_in(browser, tenant)) == {"error": "NO_ACCOUNT"}

    async def test_a_provider_speaks_for_its_domains_alone(
        self, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "boss@other.example", "correct horse")
        await configure(opensAccounts=True)
        await ada.is_called(email="boss@other.example")
        assert told(await ada.signs_in(browser, tenant)) == {"error": "NO_ACCOUNT"}

    async def test_whom_the_provider_meant_once_it_means_whatever_the_address_is_now(
        self, ask: Ask, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        account = await add_account(tenant, ada.subject, "correct horse")
        await configure()
        await ada.is_called()
        await ada.signs_in(browser, tenant)
        await ada.is_called(email="ada@elsewhere.example")
        code = told(await ada.signs_in(browser, tenant))["code"]
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert signed_in["viewer"]["user"]["id"] == str(account.user_id)

    async def test_a_newcomer_gets_in_once_the_account_is_open(
        self, ask: Ask, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, sessions: Sessions
    ) -> None:
        configured = await configure(opensAccounts=True)
        await ada.is_called()
        code = told(await ada.signs_in(browser, tenant))["code"]
        waiting = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert waiting["userErrors"] == [{"code": "ACCOUNT_NOT_READY"}]
        provider_id = configured["identityProvider"]["id"]
        for known, told_code in (("QUOTA_EXCEEDED", "QUOTA_EXCEEDED"), ("SOMETHING_NEW", "ACCOUNT_NOT_READY")):
            refusing = HANDLERS["users.person-refused.v1"]
            refused = refusing.payload(provider_id=provider_id, subject=ada.subject, code=known)
            async with unit_of_work(sessions, tenant.caller()) as session:
                await refusing.handle(session, refused)
            waiting = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
            assert waiting["userErrors"] == [{"code": told_code}]
        user_id = uuid7()
        handler = HANDLERS["users.person-admitted.v1"]
        admitted = handler.payload(
            user_id=user_id,
            email=ada.subject,
            role=Role.LEARNER,
            provider_id=configured["identityProvider"]["id"],
            subject=ada.subject,
        )
        async with unit_of_work(sessions, tenant.caller()) as session:
            await handler.handle(session, admitted)
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert signed_in["viewer"]["user"]["id"] == str(user_id)

    async def test_sent_again_with_its_key_opens_no_second_session(
        self, ask: Ask, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        await ada.is_called()
        code, key = told(await ada.signs_in(browser, tenant))["code"], str(uuid7())
        answers = [await complete(ask, tenant, code, idempotencyKey=key) for _ in range(2)]
        assert all(answer["data"]["completeFederatedSignIn"]["session"] for answer in answers)

    async def test_another_tenant_knows_nothing_of_the_code(
        self,
        ask: Ask,
        ada: Person,
        browser: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        other_tenant: Tenant,
        add_account: AddAccount,
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        await ada.is_called()
        code = told(await ada.signs_in(browser, tenant))["code"]
        assert code_of(await complete(ask, other_tenant, code)) == "SIGN_IN_NOT_BEGUN"


class TestConfigure:
    async def test_keeps_the_secret_to_itself(self, ask: Ask, configure: Configure, owner: str) -> None:
        await configure()
        changed = await configure(clientSecret=None, name="New name", expectedVersion=1)
        assert changed["identityProvider"]["version"] == 2
        answer = await ask(PROVIDERS, token=owner)
        assert answer["data"]["identityProviders"] == [
            {"alias": "school", "name": "New name", "clientId": "studium", "returnUris": [RETURN_URI]}
        ]

    async def test_refuses_a_version_that_is_past(self, configure: Configure) -> None:
        await configure()
        refused = await configure(expectedVersion=7)
        assert refused["userErrors"] == [{"code": "VERSION_CONFLICT", "path": None}]

    @pytest.mark.parametrize(
        "changes",
        [
            {"alias": "No Good"},
            {"returnUris": ["javascript:alert(1)"]},
            {"returnUris": ["http://learn.example/"]},
            {"returnUris": ["https://learn.example/#there"]},
            {"emailDomains": ["not a domain"]},
            {"clientSecret": None},
            {"clientSecret": ""},
        ],
    )
    async def test_refuses_bad_input(self, configure: Configure, changes: dict[str, Any]) -> None:
        assert code_of(await configure(**changes)) == "BAD_USER_INPUT"

    async def test_refuses_a_provider_that_does_not_answer(self, configure: Configure) -> None:
        assert code_of(await configure(issuer="http://127.0.0.1:9")) == "OUTBOUND_REFUSED"

    async def test_is_the_owners_alone(self, ask: Ask, tenant: Tenant, token_of: Callable[[Caller], str]) -> None:
        learner = token_of(replace(tenant.caller(), auth_time=int(time())))
        assert code_of(await ask(PROVIDERS, token=learner)) == "FORBIDDEN"
        asked: dict[str, Any] = {
            "alias": "x",
            "name": "x",
            "issuer": "x",
            "clientId": "x",
            "returnUris": [],
            "clientSecret": "x",
        }
        assert code_of(await ask(CONFIGURE, {"input": asked}, token=learner)) == "FORBIDDEN"
