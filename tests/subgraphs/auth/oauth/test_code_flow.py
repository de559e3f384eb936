"""Authorization codes: asked for by the browser, with PKCE, and redeemed once."""

from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from joserfc import jws, jwt
from joserfc.jwk import KeySet

from shared.database import Sessions, unit_of_work
from shared.tokens import TokenVerifier
from subgraphs.auth.models import OAuthCode
from tests.subgraphs.auth.oauth.conftest import (
    EMAIL,
    PUBLIC_URL,
    REDIRECT_URI,
    App,
    Flow,
    Person,
    Register,
    Server,
    returned,
)


async def published(server: Server) -> KeySet:
    """The keys that the metadata lead to."""
    metadata = (await server.http.get(f"/t/{server.tenant.slug}/.well-known/openid-configuration")).json()
    return KeySet.import_key_set((await server.http.get(metadata["jwks_uri"])).json())


class Refused(NamedTuple):
    """Changes to a sound request (None leaves a parameter out), and the error that they give."""

    changes: dict[str, str | None]
    error: str


TOLD = (
    Refused({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    Refused({"code_challenge_method": None}, "invalid_request"),
    Refused({"code_challenge_method": "plain"}, "invalid_request"),
    Refused({"code_challenge": "short"}, "invalid_request"),
    Refused({"scope": "nonsense"}, "invalid_scope"),
    Refused({"scope": None}, "invalid_scope"),
    Refused({"response_type": "token"}, "unsupported_response_type"),
    Refused({"response_type": "code id_token"}, "unsupported_response_type"),
    Refused({"response_type": 'co"de\\'}, "unsupported_response_type"),  # once an open redirect: CVE-2026-41479
    Refused({"response_type": None}, "invalid_request"),
    Refused({"response_mode": "form_post"}, "invalid_request"),
    Refused({"request": "e30.e30."}, "request_not_supported"),
    Refused({"max_age": "soon"}, "invalid_request"),
    Refused({"prompt": "none"}, "login_required"),
    Refused({"prompt": "none login"}, "invalid_request"),
)
UNTOLD: tuple[dict[str, str | None], ...] = (
    {"client_id": "nobody"},
    {"client_id": "019312d0-0000-7000-8000-000000000000"},
    {"client_id": None},
    {"redirect_uri": REDIRECT_URI + "/"},
    {"redirect_uri": REDIRECT_URI + "?more=1"},
    {"redirect_uri": "https://app.example.evil/back"},
    {"redirect_uri": "https://app.example:444/back"},
    {"redirect_uri": 'https://app.example/"<script>'},
    {"redirect_uri": "https://evil.example/", "response_type": "nonsense"},  # CVE-2026-41479
    {"redirect_uri": "https://evil.example/", "response_type": None},
    {"redirect_uri": "javascript:alert(1)"},
    {"state": "a\r\nb"},
)
UNFIT = (
    Refused({"code_verifier": "w" * 43}, "invalid_grant"),
    Refused({"code_verifier": "short"}, "invalid_request"),
    Refused({"code_verifier": None}, "invalid_request"),
    Refused({"redirect_uri": REDIRECT_URI + "/"}, "invalid_grant"),
    Refused({"redirect_uri": None}, "invalid_grant"),
    Refused({"code": "made-up"}, "invalid_grant"),
    Refused({"code": None}, "invalid_request"),
    Refused({"grant_type": "password"}, "unsupported_grant_type"),
    Refused({"grant_type": "implicit"}, "unsupported_grant_type"),
)


class TestWhole:
    async def test_a_person_lets_an_app_act_for_them(self, server: Server, person: Person, app: App) -> None:
        flow = Flow(app, scope="openid email learn")
        back = returned(await person.consent(flow.asked(nonce="n-1")))
        assert (back["state"], back["iss"]) == (flow.state, server.issuer)
        answer = await server.tokens(app, **flow.redemption(back["code"]))
        tokens = answer.json()
        assert (tokens["token_type"], tokens["scope"]) == ("Bearer", "openid email learn")
        assert answer.headers["cache-control"] == "no-store"
        about = jwt.decode(tokens["id_token"], await published(server), algorithms=["ES256"]).claims
        assert (about["iss"], about["aud"], about["nonce"]) == (server.issuer, app.id, "n-1")
        assert (about["email"], about["email_verified"], about["amr"]) == (EMAIL, False, ["pwd"])

    async def test_the_access_token_is_one_of_ours(self, server: Server, granted: dict[str, Any], app: App) -> None:
        token = jws.extract_compact(granted["access_token"].encode())
        assert token.headers()["typ"] == "at+jwt"
        verifier = TokenVerifier(Published(await published(server)), public_url=PUBLIC_URL)
        caller = await verifier.caller(granted["access_token"])
        assert (caller.tenant_id, str(caller.client_id), caller.role) == (server.tenant.id, app.id, "INSTRUCTOR")
        assert caller.scopes == {"openid", "learn"}
        assert caller.auth_time is None  # an app never passes for a person who has just proved who they are

    async def test_scope_is_narrowed_to_what_both_the_app_and_the_person_may(
        self, server: Server, person: Person, register: Register
    ) -> None:
        app = await register(scopes=["openid", "learn", "users:manage"])
        flow = Flow(app, scope="openid learn users:manage courses:write nonsense")
        code = returned(await person.consent(flow.asked()))["code"]
        assert (await server.tokens(app, **flow.redemption(code))).json()["scope"] == "openid learn"

    async def test_a_public_app_needs_no_secret(self, server: Server, person: Person, register: Register) -> None:
        app = await register(confidential=False, redirectUris=[REDIRECT_URI, "http://127.0.0.1/back"])
        assert app.secret is None
        flow, uri = Flow(app), "http://127.0.0.1:49152/back"
        back = returned(await person.consent(flow.asked(redirect_uri=uri)))
        answer = await server.tokens(app, **flow.redemption(back["code"], redirect_uri=uri))
        assert answer.status_code == 200


class Published:
    """A source of keys."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def keys(self, kid: str) -> KeySet:
        return self._keys


class TestRefusedAtTheBrowser:
    """RFC 9700, section 2.1.1: a request without S256 gets no code."""

    async def test_the_app_is_told(self, server: Server, person: Person, app: App) -> None:
        flow, told = Flow(app), dict[str, str]()
        for refused in TOLD:
            answer = await person.open(flow.asked(**refused.changes))
            assert answer.headers["location"].startswith(f"{REDIRECT_URI}?"), refused
            back = returned(answer)
            assert (back["state"], back["iss"]) == (flow.state, server.issuer), refused
            told[str(refused.changes)] = back["error"]
        assert told == {str(refused.changes): refused.error for refused in TOLD}

    async def test_the_browser_goes_nowhere_that_the_app_has_not_named(self, person: Person, app: App) -> None:
        for changes in UNTOLD:
            answer = await person.open(Flow(app).asked(**changes))
            assert answer.status_code == 400, changes
            assert "location" not in answer.headers, changes
            assert "<script" not in answer.text, changes

    async def test_a_parameter_that_is_there_twice(self, person: Person, app: App, server: Server) -> None:
        asked = Flow(app).asked()
        twice = "&".join(f"{name}={value}" for name, value in [*asked.items(), ("scope", "learn")])
        answer = await person.browser.get(f"{server.url('authorize')}?{twice}")
        assert answer.status_code == 400

    async def test_another_tenants_app(self, person: Person, app: App, other_tenant: Any) -> None:
        elsewhere = Server(other_tenant, person.browser)
        answer = await Person(elsewhere, person.browser).open(Flow(app).asked())
        assert answer.status_code == 400


class TestRedeeming:
    @pytest.fixture
    async def flow(self, app: App) -> Flow:
        """A flow of the app."""
        return Flow(app)

    @pytest.fixture
    async def code(self, person: Person, flow: Flow) -> str:
        """The code that the person's consent gave."""
        return returned(await person.consent(flow.asked()))["code"]

    async def test_a_code_is_good_once_and_a_second_time_ends_what_the_first_gave(
        self, server: Server, app: App, flow: Flow, code: str
    ) -> None:
        tokens = (await server.tokens(app, **flow.redemption(code))).json()
        assert await server.is_active(app, tokens["access_token"])
        again = await server.tokens(app, **flow.redemption(code))
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert not await server.is_active(app, tokens["access_token"])
        assert (await server.refreshed(app, tokens["refresh_token"])).json()["error"] == "invalid_grant"

    async def test_what_does_not_fit(self, server: Server, app: App, flow: Flow, code: str) -> None:
        told = dict[str, str]()
        for refused in UNFIT:
            fields = {**flow.redemption(code), **{name: value or "" for name, value in refused.changes.items()}}
            answer = await server.tokens(app, **fields)
            assert answer.status_code == 400, refused
            told[str(refused.changes)] = answer.json()["error"]
        assert told == {str(refused.changes): refused.error for refused in UNFIT}
        assert (await server.tokens(app, **flow.redemption(code))).status_code == 200

    async def test_a_code_is_for_the_app_that_asked(
        self, server: Server, register: Register, flow: Flow, code: str
    ) -> None:
        other = await register(name="Other")
        assert (await server.tokens(other, **flow.redemption(code))).json()["error"] == "invalid_grant"

    async def test_a_code_is_short_lived(
        self, server: Server, app: App, flow: Flow, code: str, sessions: Sessions
    ) -> None:
        async with unit_of_work(sessions, server.tenant.caller()) as session:
            [row] = (await session.scalars(sa.select(OAuthCode))).all()
            row.expires_at = row.auth_time
        assert (await server.tokens(app, **flow.redemption(code))).json()["error"] == "invalid_grant"

    async def test_a_wrong_secret(self, server: Server, app: App, flow: Flow, code: str) -> None:
        wrong = await server.tokens(App(app.id, "studsec_wrong"), **flow.redemption(code))
        assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
        none = await server.tokens(App(app.id, None), **flow.redemption(code))
        assert none.json()["error"] == "invalid_client"

    async def test_secrets_in_the_address_are_refused(self, server: Server, app: App, flow: Flow, code: str) -> None:
        fields = flow.redemption(code)
        answer = await server.http.post(server.url("token"), params={"client_secret": app.secret}, data=fields)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")

    async def test_only_forms_are_read(self, server: Server, app: App) -> None:
        answer = await server.http.post(server.url("token"), json={"grant_type": "client_credentials"})
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
        long = await server.tokens(app, grant_type="refresh_token", refresh_token="x" * 40_000)
        assert long.json()["error"] == "invalid_request"
