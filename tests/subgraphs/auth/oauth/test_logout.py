"""Signing out, as an app asks for it. Source: OpenID Connect RP-Initiated Logout 1.0."""

from typing import Any

import pytest
from httpx2 import Response

from tests.subgraphs.auth.conftest import AddAccount
from tests.subgraphs.auth.oauth.conftest import (
    EMAIL,
    PASSWORD,
    App,
    Flow,
    Person,
    Register,
    Server,
    hidden_in,
    returned,
)
from tests.tenants import Tenant

AFTER = "https://app.example/bye"


class Leaving:
    """A person whose app wants them signed out."""

    def __init__(self, person: Person, app: App, id_token: str) -> None:
        self.person, self.app, self.id_token = person, app, id_token

    async def ask(self, server: Server | None = None, **changes: str | None) -> Response:
        usual: dict[str, str | None] = {
            "id_token_hint": self.id_token,
            "client_id": self.app.id,
            "post_logout_redirect_uri": AFTER,
            "state": "s-1",
        }
        asked = {name: value for name, value in {**usual, **changes}.items() if value is not None}
        return await self.person.browser.get((server or self.person.server).url("authorize/logout"), params=asked)

    async def is_signed_in(self) -> bool:
        return "code" in returned(await self.person.open(Flow(self.app).asked(prompt="none")))


@pytest.fixture
async def leaving(server: Server, person: Person, register: Register) -> Leaving:
    """Signed in, and asked by the app."""
    app = await register(postLogoutRedirectUris=[AFTER])
    flow = Flow(app)
    code = returned(await person.consent(flow.asked()))["code"]
    tokens: dict[str, Any] = (await server.tokens(app, **flow.redemption(code))).json()
    return Leaving(person, app, tokens["id_token"])


async def test_an_app_that_knows_the_person_signs_them_out(leaving: Leaving) -> None:
    assert await leaving.is_signed_in()
    answer = await leaving.ask()
    assert (answer.status_code, answer.headers["location"]) == (303, f"{AFTER}?state=s-1")
    assert not await leaving.is_signed_in()
    assert (await leaving.ask()).headers["location"] == f"{AFTER}?state=s-1"  # there is nothing left to end


async def test_whoever_does_not_know_them_has_them_asked(leaving: Leaving, person: Person) -> None:
    page = await leaving.ask(id_token_hint=None)
    assert 'value="sign-out"' in page.text
    assert await leaving.is_signed_in()
    url = person.server.url("authorize/logout")
    forged = {**hidden_in(page), "action": "sign-out", "mark": "1.x"}
    assert (await person.browser.post(url, data=forged)).status_code == 400
    assert await leaving.is_signed_in()
    done = await person.browser.post(url, data={**hidden_in(page), "action": "sign-out"})
    assert (done.status_code, "location" in done.headers) == (200, False)
    assert not await leaving.is_signed_in()


async def test_the_browser_returns_only_where_the_app_has_said(leaving: Leaving) -> None:
    for uri in ("https://evil.example/", AFTER + "/"):
        answer = await leaving.ask(post_logout_redirect_uri=uri)
        assert "location" not in answer.headers, uri


async def test_tokens_that_are_not_the_persons_are_not_believed(
    leaving: Leaving, other_tenant: Tenant, register: Register, add_account: AddAccount, server: Server
) -> None:
    other = await register(name="Other")
    tampered = leaving.id_token[:-8] + "AAAAAAAA"
    wrong: list[dict[str, Any]] = [{"client_id": other.id}, {"id_token_hint": tampered}, {"id_token_hint": "a.b.c"}]
    for changes in wrong:
        answer = await leaving.ask(**changes)
        assert 'value="sign-out"' in answer.text, changes
    elsewhere = Server(other_tenant, server.http)
    await add_account(other_tenant, EMAIL, PASSWORD)
    assert "location" not in (await leaving.ask(elsewhere)).headers
    assert await leaving.is_signed_in()


async def test_a_form_of_the_app_leads_to_the_same(leaving: Leaving, person: Person) -> None:
    asked = {"id_token_hint": leaving.id_token, "post_logout_redirect_uri": AFTER}
    sent = await person.browser.post(person.server.url("authorize/logout"), data=asked)
    answer = await person.browser.get(sent.headers["location"])
    assert answer.headers["location"] == AFTER
    assert not await leaving.is_signed_in()
