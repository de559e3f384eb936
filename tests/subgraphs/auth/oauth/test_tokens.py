"""What becomes of tokens: introspection, revocation, userinfo; and tokens of apps that act for themselves."""

from typing import Any

import sqlalchemy as sa

from shared.database import Sessions
from shared.events.outbox import OutboxRow
from tests.subgraphs.auth.oauth.conftest import EMAIL, PUBLIC_URL, App, Flow, Person, Register, Server, returned


class TestClientCredentials:
    async def test_an_app_acts_for_itself(self, server: Server, register: Register) -> None:
        app = await register(redirectUris=[], grantTypes=["client_credentials"], scopes=["openid", "courses:write"])
        answer = (await server.tokens(app, grant_type="client_credentials", scope="courses:write openid learn")).json()
        assert answer["scope"] == "courses:write"
        assert "refresh_token" not in answer
        known = (await server.post("introspect", app, token=answer["access_token"])).json()
        assert (known["active"], known["sub"], known["client_id"]) == (True, app.id, app.id)

    async def test_only_apps_that_are_made_for_it(self, server: Server, app: App, register: Register) -> None:
        refused = await server.tokens(app, grant_type="client_credentials", scope="learn")
        assert refused.json()["error"] == "unauthorized_client"
        public = await register(confidential=False)
        refused = await server.tokens(public, grant_type="client_credentials", scope="learn")
        assert refused.json()["error"] == "invalid_client"


class TestIntrospection:
    async def test_an_app_learns_about_its_own_tokens(self, server: Server, app: App, granted: dict[str, Any]) -> None:
        known = (await server.post("introspect", app, token=granted["access_token"])).json()
        assert (known["active"], known["scope"], known["iss"]) == (True, "openid learn", server.issuer)
        assert known["exp"] - known["iat"] == granted["expires_in"]
        fields = {"token": granted["refresh_token"], "token_type_hint": "nonsense"}
        assert (await server.post("introspect", app, **fields)).json()["active"]

    async def test_others_learn_nothing(
        self, server: Server, app: App, granted: dict[str, Any], register: Register, other_tenant: Any
    ) -> None:
        other = await register(name="Other")
        for token in (granted["access_token"], granted["refresh_token"], granted["id_token"], "nonsense"):
            answer = await server.post("introspect", other, token=token)
            assert answer.json() == {"active": False}
        nobody = await server.post("introspect", token=granted["access_token"])
        assert (nobody.status_code, nobody.json()["error"]) == (401, "invalid_client")
        elsewhere = await Server(other_tenant, server.http).post("introspect", app, token=granted["access_token"])
        assert elsewhere.json()["error"] == "invalid_client"

    async def test_a_resource_server_learns_about_access_tokens_alone(
        self, server: Server, granted: dict[str, Any], register: Register
    ) -> None:
        resource = await register(name="Resource server", mayIntrospect=True)
        assert await server.is_active(resource, granted["access_token"])
        assert not await server.is_active(resource, granted["refresh_token"])


class TestRevocation:
    async def test_either_token_ends_the_family(
        self, server: Server, app: App, granted: dict[str, Any], sessions: Sessions
    ) -> None:
        answer = await server.post("revoke", app, token=granted["access_token"], token_type_hint="refresh_token")
        assert answer.status_code == 200
        assert (await server.refreshed(app, granted["refresh_token"])).json()["error"] == "invalid_grant"
        async with sessions.read(server.tenant.caller()) as session:
            told = await session.scalar(sa.select(OutboxRow.payload).where(OutboxRow.topic == "auth.session-ended.v1"))
        assert told is not None

    async def test_nobody_else_revokes_it(
        self, server: Server, app: App, granted: dict[str, Any], register: Register
    ) -> None:
        other = await register(name="Other")
        refused = await server.post("revoke", other, token=granted["refresh_token"])
        assert refused.json()["error"] == "invalid_grant"
        assert (await server.post("revoke", app, token="nonsense")).status_code == 200
        assert await server.is_active(app, granted["refresh_token"])


class TestUserinfo:
    async def test_the_scope_decides_what_is_told(self, server: Server, person: Person, app: App) -> None:
        flow = Flow(app, scope="openid email")
        code = returned(await person.consent(flow.asked()))["code"]
        token = (await server.tokens(app, **flow.redemption(code))).json()["access_token"]
        about = await server.http.get(server.url("userinfo"), headers={"Authorization": f"Bearer {token}"})
        assert (about.json()["email"], about.json()["email_verified"]) == (EMAIL, False)
        await server.post("revoke", app, token=token)
        gone = await server.http.get(server.url("userinfo"), headers={"Authorization": f"Bearer {token}"})
        assert (gone.status_code, gone.json()["error"]) == (401, "invalid_token")

    async def test_an_id_token_is_no_access_token(self, server: Server, granted: dict[str, Any]) -> None:
        for token in (granted["id_token"], granted["refresh_token"], ""):
            about = await server.http.get(server.url("userinfo"), headers={"Authorization": f"Bearer {token}"})
            assert (about.status_code, about.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')


async def test_metadata_lead_to_every_endpoint(server: Server) -> None:
    openid = await server.http.get(f"/t/{server.tenant.slug}/.well-known/openid-configuration")
    oauth = await server.http.get(f"/.well-known/oauth-authorization-server/t/{server.tenant.slug}")
    assert openid.json() == oauth.json()
    metadata = openid.json()
    assert (metadata["issuer"], metadata["code_challenge_methods_supported"]) == (server.issuer, ["S256"])
    for name, address in metadata.items():
        if name.endswith(("_endpoint", "_uri")):
            assert (await server.http.get(address)).status_code in {200, 400, 401, 405}, name
    assert (await server.http.get("/t/nobody/.well-known/openid-configuration")).status_code == 404


async def test_tokens_are_for_the_graph_and_for_nothing_else(server: Server, person: Person, app: App) -> None:
    """RFC 9728 and RFC 8707."""
    told = (await server.http.get("/.well-known/oauth-protected-resource/graphql")).json()
    assert told["resource"] == f"{PUBLIC_URL}/graphql"
    assert {"learn", "openid"} & set(told["scopes_supported"]) == {"learn"}
    flow, other = Flow(app), "https://other.example/graphql"
    assert returned(await person.open(flow.asked(resource=other)))["error"] == "invalid_target"
    code = returned(await person.consent(flow.asked(resource=told["resource"])))["code"]
    refused = await server.tokens(app, **flow.redemption(code), resource=other)
    assert refused.json()["error"] == "invalid_target"
    granted = await server.tokens(app, **flow.redemption(code), resource=told["resource"])
    assert granted.status_code == 200
    assert (await server.post("par", app, **flow.asked(resource=other))).json()["error"] == "invalid_target"
