"""Signing in through a provider on the page on which apps ask for consent, and going on to the app."""

import re
from html import unescape
from time import time
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from httpx2 import AsyncClient, Response

from shared.data_keys import Protected
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.own_record import change_own
from shared.tenancy.policies import Policies, SignInPolicy, WayIn
from shared.tenancy.registry import Registry
from subgraphs.auth.models import OAuthApp, TotpFactor
from subgraphs.auth.service.oauth import DEVICE_CODE
from subgraphs.auth.service.oauth_sign_in import CAME_BACK
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.identity_providers import FederatedIdentityStore
from tests.registry import restored
from tests.subgraphs.auth.conftest import AddAccount
from tests.subgraphs.auth.federated.conftest import Configure, Person
from tests.subgraphs.auth.oauth.conftest import App, Flow, hidden_in, returned
from tests.tenants import Control, Tenant


class Way:
    """A browser's way from an app to the provider and back."""

    def __init__(self, browser: AsyncClient, outside: AsyncClient, tenant: Tenant, flow: Flow) -> None:
        self.browser, self.flow = browser, flow
        self.path = f"/t/{tenant.slug}/oauth/authorize"
        self._outside = outside

    async def open(self, **changes: str) -> Response:
        """What a browser sees that the app sends here."""
        return await self.browser.get(f"{self.path}?{urlencode(self.flow.asked(**changes))}")

    async def come_back(self, page: Response, who: Person) -> Response:
        """To the provider, and back to where the page is."""
        (link,) = re.findall(r'<a href="([^"]+)">Sign in through School</a>', page.text)
        begun = await self.browser.get(unescape(link))
        at_provider = await self._outside.post(begun.headers["location"], data={"sub": who.subject})
        back = await self.browser.get(at_provider.headers["location"])
        assert (back.status_code, "#" in back.headers["location"]) == (303, False)
        return back

    async def go(self, page: Response, who: Person) -> Response:
        """The same; what the page shows then."""
        return await self.browser.get((await self.come_back(page, who)).headers["location"])


@pytest.fixture
async def way(
    browser: AsyncClient, outside: AsyncClient, tenant: Tenant, sessions: Sessions, add_account: AddAccount
) -> Way:
    """Of an app that has registered itself."""
    somebody = await add_account(tenant, "owner@example.org", "correct horse", Role.OWNER)
    app = OAuthApp(
        id=uuid7(),
        name="Planner",
        confidential=False,
        redirect_uris=["https://app.example/back"],
        scopes=["learn", "openid"],
        grant_types=["authorization_code", DEVICE_CODE],
        created_by=somebody.user_id,
        registration_hash=b"itself",
    )
    async with unit_of_work(sessions, tenant.caller()) as session:
        session.add(app)
    return Way(browser, outside, tenant, Flow(App(str(app.id), None)))


async def test_leads_back_to_what_the_app_asked_for(
    way: Way, ada: Person, configure: Configure, tenant: Tenant, add_account: AddAccount
) -> None:
    await add_account(tenant, ada.subject, "correct horse")
    await configure()
    await ada.is_called()
    consent = await way.go(await way.open(), ada)
    assert f"You are {ada.subject}" in consent.text
    assert "It has registered itself" in consent.text
    assert "https://app.example</p>" in consent.text
    assert CAME_BACK not in way.browser.cookies
    answer = await way.browser.post(way.path, data={**hidden_in(consent), "action": "allow"})
    assert returned(answer)["state"] == way.flow.state


async def test_leads_back_to_the_device_that_waits(
    way: Way,
    ada: Person,
    configure: Configure,
    control: Control,
    tenant: Tenant,
    sessions: Sessions,
    add_account: AddAccount,
) -> None:
    await configure()
    await ada.is_called()
    begun = {"client_id": way.flow.app.id, "scope": "learn"}
    waits = await way.browser.post(way.path.replace("authorize", "device_authorization"), data=begun)
    registry = Registry.create(control.login_url("auth"))
    async with restored(control, tenant):
        settled = {"policies": msgspec.to_builtins(Policies(sign_in=SignInPolicy(ways=(WayIn.FEDERATED,))))}
        await change_own(registry, tenant.caller(), lambda _: settled)
        page = await way.browser.get(f"{way.path}/device", params={"user_code": waits.json()["user_code"]})
        assert 'name="password"' not in page.text
        assert "There is no account for you here" in (await way.go(page, ada)).text
        await add_account(tenant, ada.subject, "correct horse")
        asking = await way.go(page, ada)
        assert f"You are {ada.subject}" in asking.text
        assert waits.json()["user_code"] in asking.text
        assert CAME_BACK not in way.browser.cookies
        way.browser.cookies.clear()
        assert "Code that your device shows" in (await way.go(await way.browser.get(f"{way.path}/device"), ada)).text
    await registry.aclose()


async def test_asks_for_the_second_factor_that_somebody_has_here(
    way: Way, ada: Person, configure: Configure, tenant: Tenant, add_account: AddAccount, sessions: Sessions
) -> None:
    account = await add_account(tenant, ada.subject, "correct horse")
    async with unit_of_work(sessions, tenant.caller()) as session:
        confirmed = account.created_at
        session.add(TotpFactor(user_id=account.user_id, sealed_secret=Protected("sealed"), confirmed_at=confirmed))
    await configure()
    await ada.is_called()
    asking = await way.go(await way.open(), ada)
    assert 'name="code"' in asking.text
    assert "Sign in through" not in asking.text
    assert "studium-session" not in way.browser.cookies


async def test_tells_on_the_page_why_nobody_came_back(way: Way, ada: Person, configure: Configure) -> None:
    await configure()
    await ada.is_called()
    page = await way.go(await way.open(), ada)
    assert (page.status_code, "There is no account for you here" in page.text) == (403, True)
    assert (await way.open()).status_code == 200


async def test_proves_anew_who_somebody_is_where_the_app_wants_that(
    way: Way, ada: Person, configure: Configure, tenant: Tenant, add_account: AddAccount
) -> None:
    await add_account(tenant, ada.subject, "correct horse")
    await configure()
    for said, shown in ((int(time()) - 600, "anew who you are"), (int(time()), "wants to act for you")):
        await ada.is_called(auth_time=said)
        assert shown in (await way.go(await way.open(prompt="login", max_age="60"), ada)).text


async def test_waits_until_the_account_of_a_newcomer_is_open(
    way: Way, ada: Person, configure: Configure, tenant: Tenant, sessions: Sessions
) -> None:
    configured: dict[str, Any] = (await configure(opensAccounts=True))["identityProvider"]
    await ada.is_called()
    back = await way.come_back(await way.open(), ada)
    waiting = await way.browser.get(back.headers["location"])
    assert ("Your account is being opened" in waiting.text, waiting.headers["refresh"]) == (True, "2")
    user_id = uuid7()
    async with unit_of_work(sessions, tenant.caller()) as session:
        await AccountStore(session).add(
            user_id=user_id, email=ada.subject, sealed_password_hash=None, role=Role.LEARNER
        )
        await FederatedIdentityStore(session).link(configured["id"], ada.subject, user_id)
    assert "wants to act for you" in (await way.browser.get(back.headers["location"])).text


async def test_is_offered_where_the_tenant_lets_people_in_that_way(
    way: Way, configure: Configure, control: Control, tenant: Tenant
) -> None:
    await configure()
    registry = Registry.create(control.login_url("auth"))
    async with restored(control, tenant):
        for ways, shown in (((WayIn.FEDERATED,), (True, False)), ((WayIn.PASSWORD, WayIn.SAML), (False, True))):
            settled = {"policies": msgspec.to_builtins(Policies(sign_in=SignInPolicy(ways=ways)))}
            await change_own(registry, tenant.caller(), lambda _, settled=settled: settled)
            page = (await way.open()).text
            assert ("Sign in through School" in page, 'name="password"' in page) == shown
    await registry.aclose()
