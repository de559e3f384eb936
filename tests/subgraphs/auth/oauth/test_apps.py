"""OAuth apps in the graph: registered within what the registrar may do, with secrets that are shown once."""

from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import UserId
from shared.database import Sessions
from shared.roles import Role
from shared.tokens import TokenIssuer
from subgraphs.auth.models import OAuthAppSecret
from tests.subgraphs.auth.conftest import SIGNING_KEY, AddAccount, Ask
from tests.subgraphs.auth.oauth.conftest import REDIRECT_URI, REGISTER, App, Flow, Person, Register, Server, returned
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

ROTATE = """mutation ($input: RotateOAuthAppSecretInput!) {
  rotateOAuthAppSecret(input: $input) { clientSecret userErrors { code } }
}"""
REMOVE = "mutation ($input: RemoveOAuthAppInput!) { removeOAuthApp(input: $input) { appId } }"
WITHDRAW = "mutation ($input: WithdrawAppConsentInput!) { withdrawAppConsent(input: $input) { appId } }"
APPS = "{ oauthApps(first: 1) { edges { node { id name redirectUris } } pageInfo { hasNextPage endCursor } } }"
AUTHORIZED = "{ authorizedApps { appId name scopes } }"


def usual(**changes: Any) -> dict[str, Any]:
    """The variables of a registration."""
    return {"input": {"name": "Planner", "scopes": ["openid", "learn"], "redirectUris": [REDIRECT_URI], **changes}}


class TestRegistering:
    async def test_a_secret_is_shown_once_and_kept_as_a_hash(
        self, ask: Ask, owner_token: str, sessions: Sessions, tenant: Tenant
    ) -> None:
        asked = usual(idempotencyKey="register-1")
        first = (await ask(REGISTER, asked, token=owner_token))["data"]["registerOAuthApp"]
        again = (await ask(REGISTER, asked, token=owner_token))["data"]["registerOAuthApp"]
        assert first["clientSecret"].startswith("studsec_")
        assert (again["app"], again["clientSecret"]) == (first["app"], None)
        async with sessions.read(tenant.caller()) as session:
            [kept] = (await session.scalars(sa.select(OAuthAppSecret.hash))).all()
        assert len(kept) == 32
        assert first["clientSecret"].encode() not in kept

    async def test_what_no_app_can_be_is_refused(self, ask: Ask, owner_token: str) -> None:
        uris = [
            "https://app.example/back#x",
            "https://*.app.example/back",
            "http://app.example/back",
            "http://localhost/back",
            "https://me@app.example/back",
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/back",
            "https:///back",
            "https://app.example/a b",
        ]
        wrong: list[dict[str, Any]] = [
            *({"redirectUris": [uri]} for uri in uris),
            {"redirectUris": []},
            {"scopes": []},
            {"scopes": ["nonsense"]},
            {"grantTypes": ["password"]},
            {"grantTypes": ["refresh_token"], "redirectUris": []},
            {"confidential": False, "grantTypes": ["client_credentials"], "redirectUris": []},
            {"confidential": False, "mayIntrospect": True},
        ]
        for changes in wrong:
            assert code_of(await ask(REGISTER, usual(**changes), token=owner_token)) == "BAD_USER_INPUT", changes

    async def test_an_app_on_a_device_has_a_scheme_of_its_own(self, register: Register) -> None:
        app = await register(confidential=False, redirectUris=["com.example.planner:/back", "http://[::1]/back"])
        assert app.secret is None

    async def test_only_people_who_manage_apps_register_them(
        self, ask: Ask, tenant: Tenant, add_account: AddAccount, owner_token: str
    ) -> None:
        account = await add_account(tenant, "ines@example.org", "correct horse battery", Role.INSTRUCTOR)
        asked = {"tenant": tenant.slug, "email": "ines@example.org", "password": "correct horse battery"}
        sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }"
        token = (await ask(sign_in, {"input": asked}))["data"]["signIn"]["session"]["accessToken"]
        assert code_of(await ask(REGISTER, usual(), token=token)) == "FORBIDDEN"
        program = TokenIssuer(SIGNING_KEY).issue(
            tenant.id, UserId(account.user_id), account.user_id, role="OWNER", scopes=["apps:manage", "learn"]
        )
        assert code_of(await ask(REGISTER, usual(), token=program.access_token)) == "STEP_UP_REQUIRED"

    async def test_apps_are_listed_for_their_tenant(self, ask: Ask, register: Register, owner_token: str) -> None:
        await register()
        newest = await register(name="Newest")
        page = (await ask(APPS, token=owner_token))["data"]["oauthApps"]
        assert page["edges"][0]["node"] == {"id": newest.id, "name": "Newest", "redirectUris": [REDIRECT_URI]}
        assert page["pageInfo"]["hasNextPage"]


class TestSecrets:
    async def test_both_are_good_while_an_app_changes_over(
        self, ask: Ask, server: Server, app: App, owner_token: str
    ) -> None:
        rotated = await ask(ROTATE, {"input": {"id": app.id}}, token=owner_token)
        newer = App(app.id, rotated["data"]["rotateOAuthAppSecret"]["clientSecret"])
        for good in (app, newer):
            assert (await server.post("introspect", good, token="x")).status_code == 200
        at_once = await ask(ROTATE, {"input": {"id": app.id, "overlapSeconds": 0}}, token=owner_token)
        newest = App(app.id, at_once["data"]["rotateOAuthAppSecret"]["clientSecret"])
        told = [(await server.post("introspect", each, token="x")).status_code for each in (app, newer, newest)]
        assert told == [401, 401, 200]

    async def test_only_where_there_is_one(self, ask: Ask, register: Register, owner_token: str) -> None:
        public = await register(confidential=False)
        for fields in ({"id": public.id}, {"id": public.id, "overlapSeconds": -1}):
            assert code_of(await ask(ROTATE, {"input": fields}, token=owner_token)) == "BAD_USER_INPUT"


class TestEnding:
    @pytest.fixture
    async def other_owner(self, ask: Ask, other_tenant: Tenant, add_account: AddAccount) -> str:
        """The token of another tenant's owner."""
        await add_account(other_tenant, "bea@example.org", "correct horse battery", Role.OWNER)
        asked = {"tenant": other_tenant.slug, "email": "bea@example.org", "password": "correct horse battery"}
        sign_in = "mutation ($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }"
        return (await ask(sign_in, {"input": asked}))["data"]["signIn"]["session"]["accessToken"]

    async def test_another_tenants_owner_reaches_no_app(
        self, ask: Ask, server: Server, app: App, granted: dict[str, Any], register: Register, other_owner: str
    ) -> None:
        for query in (REMOVE, ROTATE):
            assert code_of(await ask(query, {"input": {"id": app.id}}, token=other_owner)) == "NOT_FOUND"
        resource = await register(name="Resource server", mayIntrospect=True)
        assert await server.is_active(resource, granted["access_token"])

    async def test_an_app_that_is_removed_can_do_nothing_more(
        self,
        ask: Ask,
        server: Server,
        app: App,
        granted: dict[str, Any],
        register: Register,
        owner_token: str,
        person: Person,
    ) -> None:
        resource = await register(name="Resource server", mayIntrospect=True)
        assert await ask(REMOVE, {"input": {"id": app.id}}, token=owner_token) == {
            "data": {"removeOAuthApp": {"appId": app.id}}
        }
        assert not await server.is_active(resource, granted["access_token"])
        assert (await server.refreshed(app, granted["refresh_token"])).json()["error"] == "invalid_client"
        assert (await person.open(Flow(app).asked())).status_code == 400

    async def test_people_take_back_what_they_allowed(
        self, ask: Ask, server: Server, app: App, granted: dict[str, Any], person: Person
    ) -> None:
        token = next(value for name, value in person.browser.cookies.items() if name == "studium-session")
        allowed = await ask(AUTHORIZED, token=token)
        assert allowed["data"]["authorizedApps"] == [
            {"appId": app.id, "name": "Planner", "scopes": ["learn", "openid"]}
        ]
        assert code_of(await ask(WITHDRAW, {"input": {"appId": app.id}}, token=granted["access_token"]))
        await ask(WITHDRAW, {"input": {"appId": app.id}}, token=token)
        assert (await ask(AUTHORIZED, token=token))["data"]["authorizedApps"] == []
        assert not await server.is_active(app, granted["access_token"])
        assert returned(await person.open(Flow(app).asked(prompt="none")))["error"] == "consent_required"
