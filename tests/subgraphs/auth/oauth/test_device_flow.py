"""The device flow: a code is shown, somebody types it elsewhere and decides. Source: RFC 8628."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response

from shared.database import Sessions, unit_of_work
from subgraphs.auth.models import OAuthDeviceRequest
from subgraphs.auth.service.throttles import FREE_ATTEMPTS
from tests.subgraphs.auth.oauth.conftest import App, Person, Register, Server, hidden_in
from tests.tenants import Tenant

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Television:
    """A device that waits."""

    def __init__(self, server: Server, app: App, told: dict[str, Any], sessions: Sessions) -> None:
        self.server, self.app, self.told = server, app, told
        self._sessions = sessions

    async def ask(self, by: App | None = None) -> Response:
        return await self.server.tokens(by or self.app, grant_type=GRANT, device_code=self.told["device_code"])

    async def error(self, by: App | None = None) -> str:
        return (await self.ask(by)).json()["error"]

    async def rest(self, **columns: timedelta) -> None:
        """Let time pass."""
        changes = {name: getattr(OAuthDeviceRequest, name) - by for name, by in columns.items()}
        async with unit_of_work(self._sessions, self.server.tenant.caller()) as session:
            await session.execute(sa.update(OAuthDeviceRequest).values(changes))


async def opened(person: Person, user_code: str = "", server: Server | None = None) -> Response:
    """The page, as somebody sees it who has signed in."""
    path = (server or person.server).url("authorize/device")
    return await person.browser.get(path, params={"user_code": user_code} if user_code else {})


async def sent(person: Person, page: Response, **fields: str) -> Response:
    """Send the form of the page."""
    return await person.browser.post(person.server.url("authorize/device"), data={**hidden_in(page), **fields})


async def signed_in(person: Person, user_code: str = "") -> Response:
    page = await opened(person, user_code)
    return await sent(person, page, action="sign-in", email="ada@example.org", password="correct horse battery")


@pytest.fixture
async def app(register: Register) -> App:
    """Of televisions: it has no secret."""
    grants = [GRANT, "refresh_token"]
    return await register(confidential=False, redirectUris=[], grantTypes=grants, scopes=["openid", "learn"])


@pytest.fixture
async def television(server: Server, app: App, sessions: Sessions) -> Television:
    """One that has just begun to wait."""
    answer = await server.post("device_authorization", app, scope="openid learn nonsense")
    assert answer.status_code == 200, answer.text
    return Television(server, app, answer.json(), sessions)


async def test_a_device_gets_tokens_once_somebody_has_allowed_it(
    server: Server, television: Television, person: Person, app: App
) -> None:
    told = television.told
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert told["verification_uri"] == f"{server.issuer}/device"
    short = await person.browser.get(told["verification_uri_complete"])
    page = await person.browser.get(short.headers["location"])
    page = await sent(person, page, action="sign-in", email="ada@example.org", password="correct horse battery")
    assert told["user_code"] in page.text
    assert "Planner wants to act for you" in page.text
    assert await television.error() == "authorization_pending"
    assert "may act for you now" in (await sent(person, page, action="allow")).text
    answer = (await television.ask()).json()
    assert answer["scope"] == "openid learn"
    assert {"access_token", "id_token", "refresh_token"} <= answer.keys()
    assert (await server.refreshed(app, answer["refresh_token"])).status_code == 200
    assert await television.error() == "invalid_grant"  # it was good once
    assert "waits no more" in (await opened(person, told["user_code"])).text


async def test_who_does_not_rest_has_to_rest_longer(television: Television) -> None:
    assert await television.error() == "authorization_pending"
    assert await television.error() == "slow_down"
    await television.rest(asked_at=timedelta(seconds=7))
    assert await television.error() == "slow_down"  # it is ten seconds now, and fifteen after this
    await television.rest(asked_at=timedelta(seconds=16))
    assert await television.error() == "authorization_pending"


async def test_a_code_ends_and_a_no_is_final(television: Television, person: Person) -> None:
    page = await signed_in(person, television.told["user_code"])
    assert "may not act" in (await sent(person, page, action="deny")).text
    assert await television.error() == "access_denied"
    await television.rest(expires_at=timedelta(minutes=11))
    assert await television.error() == "expired_token"


async def test_codes_are_for_their_device_alone(
    server: Server, television: Television, register: Register, person: Person
) -> None:
    other = await register(name="Other", confidential=False, redirectUris=[], grantTypes=[GRANT])
    assert await television.error(other) == "invalid_grant"
    planner = await register()
    assert await television.error(planner) == "unauthorized_client"
    assert (await server.post("device_authorization", planner, scope="learn")).json()["error"] == "unauthorized_client"
    assert (await server.post("device_authorization", other, scope="nonsense")).json()["error"] == "invalid_scope"
    assert (await server.post("device_authorization", scope="learn")).json()["error"] == "invalid_client"


async def test_codes_cannot_be_guessed(television: Television, person: Person) -> None:
    nobody = await opened(person, television.told["user_code"])
    assert "Planner" not in nobody.text  # who has not signed in learns of nothing
    await signed_in(person)
    tried = [await opened(person, "BCDF-GHJK") for _ in range(FREE_ATTEMPTS)]
    assert "no device with that code" in tried[-1].text
    assert "Planner" not in (await opened(person, television.told["user_code"])).text


async def test_another_tenants_people_allow_nothing(
    television: Television, person: Person, other_tenant: Tenant, add_account: Any
) -> None:
    await add_account(other_tenant, "ada@example.org", "correct horse battery")
    stranger = Person(Server(other_tenant, person.server.http), person.browser)
    page = await signed_in(stranger, television.told["user_code"])
    assert "no device with that code" in page.text
    ours = await signed_in(person, television.told["user_code"])
    assert (await sent(stranger, ours, action="allow")).status_code == 400  # a form of ours counts nowhere else
    assert await television.error() == "authorization_pending"


async def test_a_form_counts_for_what_it_was_shown_for(television: Television, person: Person) -> None:
    page = await signed_in(person)
    forged = await sent(person, page, action="allow", request=f"user_code={television.told['user_code']}")
    assert forged.status_code == 400
    assert (await sent(person, page, action="allow")).status_code == 403
    asked = await sent(person, page, action="look", user_code=television.told["user_code"].lower().replace("-", " "))
    assert 'value="allow"' in asked.text
    assert await television.error() == "authorization_pending"
