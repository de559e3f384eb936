"""The way to an OpenID provider and back: whose it is, for how long, and where it leads."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient

from shared.caller import TenantId
from shared.crypto import Sealer
from shared.database import Sessions, unit_of_work
from shared.errors import BadUserInput
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from subgraphs.auth.models.identity_providers import FederatedSignIn, IdentityProvider
from subgraphs.auth.service import federated_people
from subgraphs.auth.service.federated_begun import (
    AT_PROVIDER,
    LONGEST_URI,
    Asked,
    BegunSeal,
    SignInNotBegun,
    WayBack,
)
from subgraphs.auth.service.forgetting import forget_old
from subgraphs.auth.service.oidc_client import ProviderRefused
from subgraphs.auth.store.identity_providers import IdentityProviderStore
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, AddAccount, Ask
from tests.subgraphs.auth.federated.conftest import PUBLIC_URL, RETURN_URI, Configure, Person
from tests.subgraphs.auth.federated.test_oidc_sign_in import told
from tests.tenants import Tenant

REMOVE = """mutation ($input: RemoveIdentityProviderInput!) {
  removeIdentityProvider(input: $input) { identityProviderId userErrors { code } }
}"""
COOKIE_CHARACTERS = 4_000
"""Of 4,096 that browsers keep, with the cookie's name. Source: RFC 6265, section 6.1."""


class TestTheWayBack:
    async def test_is_open_to_the_browser_that_began_alone(
        self,
        ada: Person,
        auth: SubgraphApp,
        browser: AsyncClient,
        outside: AsyncClient,
        configure: Configure,
        tenant: Tenant,
    ) -> None:
        await configure()
        await ada.is_called()
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI})
        at_provider = await outside.post(begun.headers["location"], data={"sub": ada.subject})
        async with AsyncClient(transport=ASGITransport(auth.app), base_url=PUBLIC_URL) as victim:
            answer = await victim.get(at_provider.headers["location"])
        assert (answer.status_code, answer.json()["error"]) == (400, "SIGN_IN_NOT_BEGUN")

    async def test_is_gone_once(
        self,
        ada: Person,
        browser: AsyncClient,
        outside: AsyncClient,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        await ada.is_called()
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI})
        back = (await outside.post(begun.headers["location"], data={"sub": ada.subject})).headers["location"]
        cookies = dict(browser.cookies)
        assert "code" in told(await browser.get(back))
        browser.cookies.update(cookies)
        assert (await browser.get(back)).status_code == 400

    async def test_tells_that_somebody_would_not(
        self, browser: AsyncClient, configure: Configure, tenant: Tenant
    ) -> None:
        await configure()
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI})
        (state,) = parse_qs(urlsplit(begun.headers["location"]).query)["state"]
        answer = {"error": "access_denied", "state": state}
        back = await browser.get(f"/t/{tenant.slug}/federated/school/callback", params=answer)
        assert told(back) == {"error": "IDENTITY_PROVIDER_REFUSED"}

    async def test_is_closed_to_another_issuer(
        self, ada: Person, browser: AsyncClient, outside: AsyncClient, configure: Configure, tenant: Tenant
    ) -> None:
        await configure()
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI})
        back = (await outside.post(begun.headers["location"], data={"sub": ada.subject})).headers["location"]
        assert told(await browser.get(back + "&iss=https%3A%2F%2Fevil.example")) == {
            "error": "IDENTITY_PROVIDER_REFUSED"
        }

    @pytest.mark.parametrize("uri", ["https://evil.example/", RETURN_URI + "/", ""])
    async def test_leads_nowhere_else(
        self, browser: AsyncClient, configure: Configure, tenant: Tenant, uri: str
    ) -> None:
        await configure()
        answer = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": uri})
        assert (answer.status_code, answer.json()["error"]) == (400, "BAD_USER_INPUT")

    async def test_costs_nothing_that_is_kept_until_the_provider_has_said_who_it_is(
        self, ada: Person, browser: AsyncClient, configure: Configure, tenant: Tenant, sessions: Sessions
    ) -> None:
        """Anybody can begin, as often as they like, and bring answers that are none."""
        await configure()
        await ada.is_called()
        begun = await browser.get(f"/t/{tenant.slug}/federated/school", params={"return_uri": RETURN_URI})
        (state,) = parse_qs(urlsplit(begun.headers["location"]).query)["state"]
        back = await browser.get(f"/t/{tenant.slug}/federated/school/callback", params={"code": "x", "state": state})
        assert told(back) == {"error": "IDENTITY_PROVIDER_REFUSED"}
        assert told(await ada.signs_in(browser, tenant)) == {"error": "NO_ACCOUNT"}
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(FederatedSignIn)) == 0

    async def test_is_kept_by_a_browser_for_one_provider_and_ten_minutes(self) -> None:
        seal, now = BegunSeal(Sealer.create(CREDENTIALS_KEY, "test")), datetime.now(UTC)
        school, other = (IdentityProvider(id=uuid7(), issuer=f"https://{name}.example") for name in ("id", "other"))
        tenants = [TenantId(uuid7()) for _ in range(2)]
        asked = Asked.now(school, "proofs", WayBack("https://learn.example/" + "a" * (LONGEST_URI - 22), "c" * 43), now)
        kept = seal.seal(tenants[0], school, asked)
        assert len(kept) < COOKIE_CHARACTERS
        assert seal.open(tenants[0], school, kept, asked.state, now) == asked
        moved = IdentityProvider(id=school.id, issuer=other.issuer)
        changed = ("B" if kept[0] == "A" else "A") + kept[1:]
        for whose, provider, cookie, state, when in (
            (tenants[1], school, kept, asked.state, now),
            (tenants[0], other, kept, asked.state, now),
            (tenants[0], moved, kept, asked.state, now),
            (tenants[0], school, changed, asked.state, now),
            (tenants[0], school, "", asked.state, now),
            (tenants[0], school, "\u00e9", asked.state, now),
            (tenants[0], school, kept, "", now),
            (tenants[0], school, kept, asked.state, now + AT_PROVIDER),
        ):
            with pytest.raises(SignInNotBegun):
                seal.open(whose, provider, cookie, state, when)
        with pytest.raises(BadUserInput):
            seal.seal(tenants[0], school, replace(asked, way_back=WayBack("a" * 2 * LONGEST_URI)))

    async def test_is_answered_once_though_two_answers_come_at_once(
        self, ada: Person, configure: Configure, tenant: Tenant, sessions: Sessions, add_account: AddAccount
    ) -> None:
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        person = federated_people.Person(ada.subject, "Ada", ada.subject)
        async with unit_of_work(sessions, tenant.caller()) as session:
            school = await IdentityProviderStore(session).by_alias("school")
            assert school is not None
            asked = Asked.now(school, "", WayBack(RETURN_URI), datetime.now(UTC))
            assert await federated_people.admit_person(session, school, asked, person)
            await forget_old(session)
        with pytest.raises(SignInNotBegun):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await federated_people.admit_person(session, school, asked, person)
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(FederatedSignIn).values(expires_at=datetime.now(UTC) - AT_PROVIDER))
            await forget_old(session)
            assert await session.scalar(sa.select(FederatedSignIn.subject)) is None  # nobody keeps whom it meant

    async def test_is_closed_where_another_provider_is_trusted_meanwhile(
        self, ada: Person, configure: Configure, tenant: Tenant, sessions: Sessions, add_account: AddAccount
    ) -> None:
        """What the one before calls people says nothing of whom the new one means."""
        await add_account(tenant, ada.subject, "correct horse")
        await configure()
        async with sessions.read(tenant.caller()) as session:
            before = await IdentityProviderStore(session).by_alias("school")
        assert before is not None
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(IdentityProvider).values(issuer="https://other.example"))
        person = federated_people.Person(ada.subject, "Ada", ada.subject)
        asked = Asked.now(before, "", WayBack(RETURN_URI), datetime.now(UTC))
        with pytest.raises(ProviderRefused):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await federated_people.admit_person(session, before, asked, person)

    async def test_is_closed_where_the_provider_is_not_trusted_any_more(
        self, ask: Ask, browser: AsyncClient, configure: Configure, tenant: Tenant, owner: str
    ) -> None:
        await configure(enabled=False)
        path = f"/t/{tenant.slug}/federated/school"
        assert (await browser.get(path, params={"return_uri": RETURN_URI})).status_code == 404
        removed = await ask(REMOVE, {"input": {"alias": "school"}}, token=owner)
        assert removed["data"]["removeIdentityProvider"]["userErrors"] == []
        assert (await browser.get(path, params={"return_uri": RETURN_URI})).status_code == 404
        assert (await browser.get("/t/nobody/federated/school", params={"return_uri": RETURN_URI})).status_code == 404
