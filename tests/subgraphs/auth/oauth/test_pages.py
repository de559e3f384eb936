"""The pages that people are asked on: whose forms count, what they show, and when nobody need be asked."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from joserfc import jws
from pyotp import random_base32
from pyotp.totp import TOTP

from shared.crypto import Sealer
from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from subgraphs.auth.models import Account, SignInSession, TotpFactor
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY
from tests.subgraphs.auth.oauth.conftest import (
    EMAIL,
    PASSWORD,
    App,
    Flow,
    Person,
    Register,
    Server,
    returned,
)


class TestForms:
    async def test_the_page_can_do_nothing_but_ask(self, person: Person, register: Register) -> None:
        app = await register(name="<script>alert(1)</script>")
        page = await person.sign_in(await person.open(Flow(app).asked()))
        assert "&lt;script&gt;" in page.text
        assert "<script" not in page.text
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self' https://app.example;" in policy
        assert "frame-ancestors 'none'" in policy
        assert (page.headers["cache-control"], page.headers["referrer-policy"]) == ("no-store", "no-referrer")
        kept = page.headers.get_list("set-cookie")
        assert all("HttpOnly" in cookie and "SameSite=lax" in cookie for cookie in kept)
        assert all(f"Path=/t/{person.server.tenant.slug}/oauth/authorize" in cookie for cookie in kept)

    async def test_the_person_reads_what_the_app_wants(self, person: Person, app: App) -> None:
        page = await person.sign_in(await person.open(Flow(app, scope="openid courses:write").asked()))
        assert EMAIL in page.text
        assert re.findall(r"<li>(.*?)</li>", page.text)[0] == "Know who you are here."
        assert len(re.findall(r"<li>", page.text)) == 2

    async def test_whoever_says_no_is_believed(self, person: Person, app: App) -> None:
        page = await person.sign_in(await person.open(Flow(app).asked()))
        assert returned(await person.send(page, action="deny"))["error"] == "access_denied"

    async def test_a_wrong_password_says_no_more_than_that(self, person: Person, app: App) -> None:
        page = await person.sign_in(await person.open(Flow(app).asked()), "wrong")
        assert (page.status_code, "studium-session" in page.cookies) == (403, False)
        assert 'value="sign-in"' in page.text
        assert (await person.sign_in(page, PASSWORD)).status_code == 200

    async def test_a_form_counts_for_its_browser_and_its_request_alone(
        self, server: Server, person: Person, app: App
    ) -> None:
        page = await person.sign_in(await person.open(Flow(app).asked()))
        more = Flow(app, scope="openid learn courses:write").asked()
        forged = [
            {"mark": ""},
            {"mark": "1.x"},
            {"request": "&".join(f"{name}={value}" for name, value in more.items())},
        ]
        for changes in forged:
            assert (await person.send(page, action="allow", **changes)).status_code == 400, changes
        stranger = Person(server, server.http)
        assert (await stranger.send(page, action="allow")).status_code == 400
        person.browser.headers["origin"] = "https://evil.example"
        assert (await person.send(page, action="allow")).status_code == 400
        del person.browser.headers["origin"]
        assert "code" in returned(await person.send(page, action="allow"))


class TestSecondFactor:
    async def test_who_has_one_is_asked_for_it(
        self, server: Server, person: Person, app: App, sessions: Sessions
    ) -> None:
        secret, factor_id = random_base32(), uuid7()
        async with unit_of_work(sessions, server.tenant.caller()) as session:
            user_id = await session.scalar(sa.select(Account.user_id).where(Account.email == EMAIL))
            sealed = Protected(Sealer.create(CREDENTIALS_KEY, "totp-secret").seal(secret, context=str(factor_id)))
            session.add(TotpFactor(id=factor_id, user_id=user_id, sealed_secret=sealed, confirmed_at=datetime.now(UTC)))
        flow = Flow(app)
        page = await person.sign_in(await person.open(flow.asked()))
        assert 'name="code"' in page.text
        assert "studium-session" not in page.cookies
        assert returned(await person.open(flow.asked(prompt="none")))["error"] == "login_required"
        page = await person.send(page, action="sign-in", code="abcdef")
        assert (page.status_code, 'name="code"' in page.text) == (403, True)
        page = await person.send(page, action="sign-in", code=TOTP(secret).now())
        code = returned(await person.send(page, action="allow"))["code"]
        token = (await server.tokens(app, **flow.redemption(code))).json()["id_token"]
        claims = json.loads(jws.extract_compact(token.encode()).payload)
        assert (claims["acr"], "mfa" in claims["amr"]) == ("aal2", True)


class TestAskedOnce:
    async def test_who_has_said_yes_is_not_asked_again(self, person: Person, app: App) -> None:
        await person.consent(Flow(app).asked())
        assert "code" in returned(await person.open(Flow(app).asked(prompt="none")))
        more = Flow(app, scope="openid learn courses:write")
        assert returned(await person.open(more.asked(prompt="none")))["error"] == "consent_required"
        assert 'value="allow"' in (await person.open(more.asked())).text
        assert 'value="allow"' in (await person.open(Flow(app).asked(prompt="consent"))).text

    async def test_an_app_without_a_secret_asks_every_time(self, person: Person, register: Register) -> None:
        app = await register(confidential=False)
        await person.consent(Flow(app).asked())
        assert 'value="allow"' in (await person.open(Flow(app).asked())).text

    @pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "60"}])
    async def test_an_app_can_have_people_sign_in_again(
        self, server: Server, person: Person, app: App, sessions: Sessions, asked: dict[str, str]
    ) -> None:
        await person.consent(Flow(app).asked())
        async with unit_of_work(sessions, server.tenant.caller()) as session:
            earlier = SignInSession.authenticated_at - timedelta(minutes=2)
            await session.execute(sa.update(SignInSession).values(authenticated_at=earlier))
        page = await person.open(Flow(app).asked(**asked))
        assert 'value="sign-in"' in page.text
        assert "code" in returned(await person.sign_in(page))

    async def test_a_session_that_has_ended_counts_no_more(
        self, server: Server, person: Person, app: App, sessions: Sessions
    ) -> None:
        await person.consent(Flow(app).asked())
        async with unit_of_work(sessions, server.tenant.caller()) as session:
            await session.execute(sa.update(SignInSession).values(ended_at=sa.func.now()))
        assert returned(await person.open(Flow(app).asked(prompt="none")))["error"] == "login_required"


class TestPushedRequests:
    """RFC 9126."""

    async def test_the_browser_refers_to_what_the_app_has_sent(self, server: Server, person: Person, app: App) -> None:
        flow = Flow(app)
        pushed = await server.post("par", app, **flow.asked())
        assert (pushed.status_code, pushed.json()["expires_in"]) == (201, 300)
        short = {"client_id": app.id, "request_uri": pushed.json()["request_uri"]}
        page = await person.sign_in(await person.open({**short, "scope": "openid courses:write"}))
        assert len(re.findall(r"<li>", page.text)) == 2  # what was pushed counts alone
        back = returned(await person.send(page, action="allow"))
        assert back["state"] == flow.state
        assert (await server.tokens(app, **flow.redemption(back["code"]))).status_code == 200
        again = await person.open(short)
        assert (again.status_code, "location" in again.headers) == (400, False)

    async def test_what_could_not_be_answered_is_not_kept(self, server: Server, app: App, register: Register) -> None:
        asked = Flow(app).asked()
        wrong = [
            {**asked, "redirect_uri": "https://evil.example/"},
            {**asked, "code_challenge_method": "plain"},
            {**asked, "request_uri": "urn:ietf:params:oauth:request_uri:x"},
            {**asked, "client_id": (await register(name="Other")).id},
        ]
        for fields in wrong:
            answer = await server.post("par", app, **fields)
            assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json"), fields
        assert (await server.post("par", None, **asked)).json()["error"] == "invalid_client"

    async def test_a_request_is_its_apps_alone(self, server: Server, person: Person, register: Register) -> None:
        app, other = await register(pushedRequestsOnly=True), await register(name="Other")
        pushed = (await server.post("par", app, **Flow(app).asked())).json()["request_uri"]
        assert (await person.open({"client_id": other.id, "request_uri": pushed})).status_code == 400
        assert (await person.open({"client_id": app.id, "request_uri": pushed + "x"})).status_code == 400
        assert (await person.open(Flow(app).asked())).status_code == 400  # this app has promised to push
        assert (await person.open({"client_id": app.id, "request_uri": pushed})).status_code == 200
