"""Software that registers itself, reads what it is registered as, and changes that. RFC 7591, RFC 7592."""

from datetime import UTC, datetime
from typing import Any

import pytest
from httpx2 import Response

from shared.database import Sessions
from subgraphs.auth.service import oauth_registration
from subgraphs.auth.store.audit import AuditStore
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.oauth.conftest import REDIRECT_URI, App, Flow, Person, Server, returned
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateAppRegistrationTokenInput!) {
  createAppRegistrationToken(input: $input) { id token userErrors { code } }
}"""
REVOKE = "mutation ($input: RevokeAppRegistrationTokenInput!) { revokeAppRegistrationToken(input: $input) { id } }"
UPDATE = """mutation ($input: UpdateOAuthAppInput!) {
  updateOAuthApp(input: $input) { app { name scopes redirectUris } userErrors { code } }
}"""
ASKED: dict[str, Any] = {
    "client_name": "Planner",
    "redirect_uris": [REDIRECT_URI],
    "scope": "openid learn users:manage",
}


class Software:
    """It has a token to register itself with."""

    def __init__(self, server: Server, token: str, token_id: str) -> None:
        self.server, self.token, self.token_id = server, token, token_id

    async def register(self, token: str | None = None, **changes: Any) -> Response:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return await self.server.http.post(self.server.url("register"), json={**ASKED, **changes}, headers=headers)

    async def manage(self, method: str, known: dict[str, Any], token: str | None = None, **asked: Any) -> Response:
        headers = {"Authorization": f"Bearer {token or known['registration_access_token']}"}
        uri = known["registration_client_uri"]
        return await self.server.http.request(method, uri, headers=headers, json=asked or None)


@pytest.fixture
async def software(ask: Ask, server: Server, owner_token: str) -> Software:
    """May register itself three times."""
    asked = {"scopes": ["openid", "learn"], "uses": 3}
    made = (await ask(CREATE, {"input": asked}, token=owner_token))["data"]["createAppRegistrationToken"]
    return Software(server, made["token"], made["id"])


async def test_software_registers_itself_and_acts_for_people(
    server: Server, software: Software, person: Person
) -> None:
    answer = await software.register(logo_uri="http://169.254.169.254/", software_id="x")
    known = answer.json()
    assert (answer.status_code, known["scope"], known["grant_types"]) == (201, "openid learn", ["authorization_code"])
    assert "logo_uri" not in known  # what is not known here is neither kept nor fetched
    app, flow = App(known["client_id"], known["client_secret"]), Flow(App(known["client_id"], None))
    code = returned(await person.consent(flow.asked()))["code"]
    assert (await server.tokens(app, **flow.redemption(code))).json()["scope"] == "openid learn"


async def test_nothing_that_is_named_is_fetched_and_no_app_is_like_that(software: Software) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"jwks_uri": "http://169.254.169.254/keys"}, "invalid_client_metadata"),
        ({"jwks_uri": "https://app.example/keys"}, "invalid_client_metadata"),
        ({"software_statement": "e30.e30."}, "invalid_client_metadata"),
        ({"redirect_uris": ["http://app.example/back"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example/back"}, "invalid_client_metadata"),
        ({"scope": "users:manage"}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "client_secret_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"client_name": "x" * 300}, "invalid_client_metadata"),
        ({"client_name": 7}, "invalid_client_metadata"),
    ]
    told = [(await software.register(**changes)).json()["error"] for changes, _ in wrong]
    assert told == [error for _, error in wrong]


async def test_a_token_is_good_as_often_as_it_says_and_for_its_tenant(
    ask: Ask, software: Software, owner_token: str, other_tenant: Tenant
) -> None:
    elsewhere = Software(Server(other_tenant, software.server.http), software.token, "")
    refused = [await elsewhere.register(), await software.register("made-up")]
    assert [each.status_code for each in refused] == [401, 401]
    told = [(await software.register()).status_code for _ in range(4)]
    assert told == [201, 201, 201, 401]
    too_much = {"input": {"scopes": ["learn"], "uses": 1000}}
    assert code_of(await ask(CREATE, too_much, token=owner_token)) == "BAD_USER_INPUT"


async def test_a_token_that_is_revoked_is_good_no_more(ask: Ask, software: Software, owner_token: str) -> None:
    assert "errors" not in await ask(REVOKE, {"input": {"id": software.token_id}}, token=owner_token)
    assert (await software.register()).json()["error"] == "invalid_token"


async def test_software_changes_itself_and_nothing_else(software: Software, other_tenant: Tenant) -> None:
    known, other = (await software.register()).json(), (await software.register()).json()
    read = (await software.manage("GET", known)).json()
    assert read["client_name"] == "Planner"
    assert "client_secret" not in read
    body = {**ASKED, "client_id": known["client_id"], "client_name": "Renamed"}
    changed = await software.manage("PUT", known, **body)
    assert (changed.json()["client_name"], changed.json()["scope"]) == ("Renamed", "openid learn")
    for wrong in ({"client_id": other["client_id"]}, {"token_endpoint_auth_method": "none"}):
        assert (await software.manage("PUT", known, **{**body, **wrong})).status_code == 400
    stolen = await software.manage("GET", known, token=other["registration_access_token"])
    there = {**known, "registration_client_uri": f"/t/{other_tenant.slug}/oauth/register/{known['client_id']}"}
    assert [stolen.status_code, (await software.manage("GET", there)).status_code] == [401, 401]
    assert (await software.manage("DELETE", known)).status_code == 204
    assert (await software.manage("GET", known)).status_code == 401


async def test_software_that_changes_itself_for_ever_does_not_fill_the_audit(
    software: Software, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth_registration, "MOST_CHANGES", 2)
    known = (await software.register()).json()
    body = {**ASKED, "client_id": known["client_id"]}
    names = ["Planner", "One", "One", "Two", "Three", "Two"]
    changed = [await software.manage("PUT", known, **{**body, "client_name": name}) for name in names]
    assert [each.status_code for each in changed] == [200, 200, 200, 200, 429, 200]
    assert changed[4].headers["retry-after"] == "3600"
    assert (await software.manage("GET", known)).json()["client_name"] == "Two"
    async with sessions.read(software.server.tenant.caller()) as session:
        kept = await AuditStore(session).count(
            "updateOAuthApp", known["client_id"], since=datetime.min.replace(tzinfo=UTC)
        )
    assert kept == 2


async def test_people_change_apps_within_what_they_may(ask: Ask, app: App, owner_token: str) -> None:
    asked = {"id": app.id, "name": "Renamed", "scopes": ["learn"]}
    done = (await ask(UPDATE, {"input": asked}, token=owner_token))["data"]["updateOAuthApp"]
    assert done["app"] == {"name": "Renamed", "scopes": ["learn"], "redirectUris": [REDIRECT_URI]}
    wrong = {"id": app.id, "redirectUris": ["http://app.example/"]}
    assert code_of(await ask(UPDATE, {"input": wrong}, token=owner_token)) == "BAD_USER_INPUT"
