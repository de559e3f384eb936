"""Signing in through a provider that speaks SAML, from end to end."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from httpx2 import ASGITransport, AsyncClient, Response

from shared.data_keys import DataKeys, LocalMasterKey
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.graphql.app import SubgraphApp
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tenancy.policies import SignInPolicy, WayIn
from shared.tokens import TokenVerifier
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.errors import NameTaken
from subgraphs.auth.models import SignInSession
from subgraphs.auth.models.audit import AuditEvent
from subgraphs.auth.service import identity_providers
from subgraphs.auth.service.identity_providers import Trust
from subgraphs.auth.service.saml_assertions import EMAIL_ADDRESS
from tests.subgraphs.auth.conftest import CREDENTIALS_KEY, AddAccount, Ask
from tests.subgraphs.auth.saml.conftest import CONFIGURE, PUBLIC_URL, RETURN_URI, Configure, fresh_token
from tests.subgraphs.auth.saml.identity_provider import SchoolProvider, encoded, provider_metadata
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

REFUSED = {"error": "IDENTITY_PROVIDER_REFUSED"}
RFC_7636_VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # of its appendix B, like the challenge
RFC_7636_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
COMPLETE = """mutation ($input: CompleteFederatedSignInInput!) {
  completeFederatedSignIn(input: $input) { session { accessToken } viewer { user { id } } userErrors { code } }
}"""
CHANGE_KEY = """mutation ($input: ChangeSamlKeyInput!) {
  changeSamlKey(input: $input) {
    identityProvider { version saml { ownCertificate { fingerprint } otherCertificate { fingerprint } } }
    userErrors { code }
  }
}"""
PROVIDERS = "{ identityProviders { alias kind callbackUri saml { metadataUri } } }"


@pytest.fixture
async def browser(auth: SubgraphApp) -> AsyncGenerator[AsyncClient]:
    """A browser that keeps cookies and goes where it is told by hand."""
    async with AsyncClient(transport=ASGITransport(auth.app), base_url=PUBLIC_URL) as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the school keeps its keys."""
    return tmp_path


class Way:
    """A browser's way to the school and back."""

    def __init__(self, browser: AsyncClient, tenant: Tenant, folder: Path) -> None:
        self.path = f"/t/{tenant.slug}/saml/school"
        self.acs = f"{PUBLIC_URL}{self.path}/acs"
        self.own = f"{PUBLIC_URL}{self.path}/metadata"
        self._browser = browser
        self._folder = folder

    async def school(self) -> SchoolProvider:
        """Told of the tenant by the tenant's own metadata."""
        told = await self._browser.get(f"{self.path}/metadata")
        assert told.headers["content-type"].startswith("application/samlmetadata+xml")
        return SchoolProvider(self._folder, told.text)

    async def begin(self, **more: str) -> str:
        """Where the browser is sent, which knows nothing from before."""
        self._browser.cookies.clear()
        begun = await self._browser.get(self.path, params={"return_uri": RETURN_URI, **more})
        assert begun.status_code == 303
        return begun.headers["location"]

    async def bring(self, document: str, state: str | None) -> Response:
        """What the browser's form is answered with."""
        state_field = {} if state is None else {"RelayState": state}
        return await self._browser.post(f"{self.path}/acs", data={"SAMLResponse": encoded(document), **state_field})

    async def go(self, school: SchoolProvider, **how: Any) -> dict[str, str]:
        """There and back; gives what the client is told."""
        challenge = {name: how.pop(name) for name in ("code_challenge", "prompt") if name in how}
        request, state = school.asked(await self.begin(**challenge))
        assert request.force_authn == ("true" if "prompt" in challenge else None)
        return told(await self.bring(school.answer(self.own, self.acs, request.id, **how), state))


@pytest.fixture
def way(browser: AsyncClient, tenant: Tenant, folder: Path) -> Way:
    return Way(browser, tenant, folder)


def told(answer: Response) -> dict[str, str]:
    """What the address that the browser goes on to says."""
    assert answer.status_code == 303
    to = urlsplit(answer.headers["location"])
    assert f"{to.scheme}://{to.netloc}{to.path}" == RETURN_URI
    return {name: value for name, (value,) in parse_qs(to.fragment).items()}


async def complete(ask: Ask, tenant: Tenant, code: str, **more: str) -> dict[str, Any]:
    return await ask(COMPLETE, {"input": {"tenant": tenant.slug, "code": code, **more}})


class TestSignIn:
    async def test_leads_to_the_account_of_an_address_that_the_school_speaks_for_and_ever_after(
        self,
        ask: Ask,
        way: Way,
        configure: Configure,
        tenant: Tenant,
        other_tenant: Tenant,
        add_account: AddAccount,
        own_verifier: TokenVerifier,
        sessions: Sessions,
    ) -> None:
        account = await add_account(tenant, "ada@school.example", "correct horse")
        await configure()
        school = await way.school()
        code = (await way.go(school))["code"]
        assert code_of(await complete(ask, other_tenant, code)) == "SIGN_IN_NOT_BEGUN"
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        caller = await own_verifier.caller(signed_in["session"]["accessToken"])
        assert (caller.tenant_id, caller.user_id) == (tenant.id, account.user_id)
        assert code_of(await complete(ask, tenant, code)) == "SIGN_IN_NOT_BEGUN"
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(SignInSession.way)) == WayIn.SAML
        code = (await way.go(school, attributes={"mail": ["ada@elsewhere.example"]}))["code"]
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert signed_in["viewer"]["user"]["id"] == str(account.user_id)

    async def test_proves_what_the_school_says_that_it_proves(
        self,
        ask: Ask,
        way: Way,
        configure: Configure,
        tenant: Tenant,
        add_account: AddAccount,
        own_verifier: TokenVerifier,
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure(secondFactorCounts=True)
        school, now = await way.school(), int(time.time())
        old = {"at": now - 86_400, "context": "https://refeds.org/profile/mfa"}
        code = (await way.go(school, **old))["code"]
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        caller = await own_verifier.caller(signed_in["session"]["accessToken"])
        assert (caller.auth_time, caller.acr) == (now - 86_400, "aal2")
        assert await way.go(school, prompt="login", **old) == {"error": "NOT_PROVED_AGAIN"}
        assert "code" in await way.go(school, prompt="login", at=now)

    async def test_takes_over_no_account_by_an_address_that_the_school_does_not_speak_for(
        self, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "boss@other.example", "correct horse")
        await configure(opensAccounts=True)
        school = await way.school()
        for mail in (["boss@other.example"], ["boss@other.example@school.example"], []):
            assert await way.go(school, attributes={"mail": mail}) == {"error": "NO_ACCOUNT"}

    async def test_is_completed_by_the_client_that_has_begun_it_alone(
        self, ask: Ask, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure()
        school, begun = await way.school(), {"code_challenge": RFC_7636_CHALLENGE}
        code = (await way.go(school, **begun))["code"]
        for more in ({}, {"codeVerifier": "another"}, {"codeVerifier": RFC_7636_CHALLENGE}):
            assert code_of(await complete(ask, tenant, code, **more)) == "SIGN_IN_NOT_BEGUN"
        mine = {"codeVerifier": RFC_7636_VERIFIER}
        assert (await complete(ask, tenant, code, **mine))["data"]["completeFederatedSignIn"]["session"]
        begun_by_somebody_else = (await way.go(school))["code"]
        assert code_of(await complete(ask, tenant, begun_by_somebody_else, **mine)) == "SIGN_IN_NOT_BEGUN"

    async def test_gives_nobody_the_account_of_who_had_their_address_before(
        self, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure(opensAccounts=True)
        school = await way.school()
        assert "code" in await way.go(school)
        assert await way.go(school, name="bob-1999") == {"error": "ADDRESS_REUSED"}
        assert "code" in await way.go(school)

    async def test_lets_newcomers_in_as_the_school_says_once_their_account_is_open(
        self, ask: Ask, way: Way, configure: Configure, tenant: Tenant, sessions: Sessions
    ) -> None:
        values = [{"value": "staff", "role": "INSTRUCTOR"}]
        configured = await configure(opensAccounts=True, attributes={"role": "title"}, roleValues=values)
        attributes = {"mail": ["ada@school.example"], "title": ["Dr", "staff"]}
        code = (await way.go(await way.school(), attributes=attributes))["code"]
        waiting = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert waiting["userErrors"] == [{"code": "ACCOUNT_NOT_READY"}]
        async with sessions.read(tenant.caller()) as session:
            arrivals = sa.select(OutboxRow.payload).where(OutboxRow.topic == "auth.person-arrived.v1")
            (arrived,) = await session.scalars(arrivals)
        assert (arrived["email"], arrived["role"]) == ("ada@school.example", "INSTRUCTOR")
        handler, user_id = HANDLERS["users.person-admitted.v1"], uuid7()
        admitted = handler.payload(
            user_id=user_id,
            email="ada@school.example",
            role=Role.INSTRUCTOR,
            provider_id=configured["identityProvider"]["id"],
            subject="ada-1815",
        )
        async with unit_of_work(sessions, tenant.caller()) as session:
            await handler.handle(session, admitted)
        signed_in = (await complete(ask, tenant, code))["data"]["completeFederatedSignIn"]
        assert signed_in["viewer"]["user"]["id"] == str(user_id)

    async def test_answers_once_and_to_the_browser_that_asked(
        self, browser: AsyncClient, way: Way, configure: Configure, tenant: Tenant, sessions: Sessions
    ) -> None:
        await configure()
        school = await way.school()
        request, state = school.asked(await way.begin())
        document = school.answer(way.own, way.acs, request.id)
        cookies = dict(browser.cookies)
        browser.cookies.clear()
        assert (await way.bring(document, state)).json()["error"] == "SIGN_IN_NOT_BEGUN"
        browser.cookies.update(cookies)
        assert (await way.bring(document, "another state")).json()["error"] == "SIGN_IN_NOT_BEGUN"
        assert (await way.bring(document, None)).json()["error"] == "SIGN_IN_NOT_BEGUN"
        assert told(await way.bring(document, state)) == {"error": "NO_ACCOUNT"}
        browser.cookies.update(cookies)
        assert told(await way.bring(document, state)) == REFUSED
        _, state = school.asked(await way.begin())
        assert told(await way.bring(document, state)) == REFUSED  # to another question
        _, state = school.asked(await way.begin())
        assert told(await way.bring("no XML", state)) == REFUSED
        async with sessions.read(tenant.caller()) as session:
            entries = sa.select(AuditEvent.action).where(AuditEvent.subject_type == "IdentityProvider")
            kept = [each for each in await session.scalars(entries) if each.startswith("federated")]
        assert sorted(kept) == ["federatedSignInRefused", "federatedSignInWithoutAccount"]  # once an hour
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        twice = await browser.post(f"{way.path}/acs", content="RelayState=a&RelayState=b", headers=headers)
        large = await browser.post(f"{way.path}/acs", content="SAMLResponse=" + "A" * 600_000, headers=headers)
        assert (twice.status_code, large.status_code) == (400, 400)
        assert (await browser.post(f"{way.path}/acs", content=b"<r/>")).status_code == 400

    async def test_begins_at_the_school_where_the_tenant_wants_it_and_each_assertion_counts_once(
        self, ask: Ask, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure(allowsUnsolicited=True)
        school = await way.school()
        document = school.answer(way.own, way.acs, None)
        signed_in = await complete(ask, tenant, told(await way.bring(document, "where the school wants"))["code"])
        assert signed_in["data"]["completeFederatedSignIn"]["session"]
        assert told(await way.bring(document, None)) == REFUSED
        request, _ = school.asked(await way.begin())
        assert told(await way.bring(school.answer(way.own, way.acs, request.id), None)) == REFUSED

    async def test_knows_an_address_by_the_name_itself_and_no_name_of_another_kind(
        self, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure(nameIdFormat="EMAIL_ADDRESS", attributes={"email": None})
        school = await way.school()
        named: dict[str, Any] = {"name": "ada@school.example", "attributes": {}}
        assert await way.go(school, **named) == REFUSED
        assert "code" in await way.go(school, format_=EMAIL_ADDRESS, **named)

    async def test_is_closed_to_others(
        self, browser: AsyncClient, way: Way, configure: Configure, other_tenant: Tenant
    ) -> None:
        await configure()
        elsewhere = f"/t/{other_tenant.slug}/saml/school"
        for path in (elsewhere, "/t/nobody/saml/school", f"{way.path}x", way.path.replace("saml", "federated")):
            assert (await browser.get(path, params={"return_uri": RETURN_URI})).status_code == 404
        assert (await browser.get(f"{elsewhere}/metadata")).status_code == 404
        refused = await browser.get(way.path, params={"return_uri": "https://evil.example/"})
        assert refused.json()["error"] == "BAD_USER_INPUT"
        challenged = await browser.get(way.path, params={"return_uri": RETURN_URI, "code_challenge": "short"})
        assert challenged.json()["error"] == "BAD_USER_INPUT"
        await configure(enabled=False)
        assert (await browser.get(way.path, params={"return_uri": RETURN_URI})).status_code == 404


class TestConfigure:
    async def test_shows_how_the_school_is_spoken_with_and_keeps_the_tenants_key(
        self, ask: Ask, way: Way, browser: AsyncClient, configure: Configure, owner: str
    ) -> None:
        first = (await configure())["identityProvider"]
        assert (first["kind"], first["clientId"], first["callbackUri"]) == ("SAML", way.own, way.acs)
        assert first["saml"]["metadataUri"] == way.own
        before = (await browser.get(f"{way.path}/metadata")).text
        changed = await configure(metadataXml=provider_metadata("school", "stranger"), expectedVersion=1)
        assert len(changed["identityProvider"]["saml"]["certificates"]) == 2
        kept = await configure(metadataXml=None, roleValues=[{"value": "staff", "role": "INSTRUCTOR"}])
        assert len(kept["identityProvider"]["saml"]["certificates"]) == 2
        assert kept["identityProvider"]["version"] == 3
        assert kept["identityProvider"]["issuer"] == first["issuer"]
        assert (await browser.get(f"{way.path}/metadata")).text == before
        (listed,) = (await ask(PROVIDERS, token=owner))["data"]["identityProviders"]
        assert listed == {"alias": "school", "kind": "SAML", "callbackUri": way.acs, "saml": {"metadataUri": way.own}}

    async def test_forgets_whom_the_school_meant_once_another_one_speaks(
        self, way: Way, configure: Configure, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure()
        school = await way.school()
        assert "code" in await way.go(school)
        assert "code" in await way.go(school, attributes={})
        other = provider_metadata("school").replace("idp.school.example/metadata", "idp.other.example/metadata")
        await configure(metadataXml=other)
        assert await way.go(school) == REFUSED
        await configure()
        assert await way.go(school, attributes={}) == {"error": "NO_ACCOUNT"}

    async def test_reads_metadata_where_they_are_published(self, configure: Configure) -> None:
        document = provider_metadata("school").encode()

        async def publish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(document))
            writer.write(document)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(publish, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/metadata"
        async with server:
            configured = await configure(metadataXml=None, metadataUrl=url)
        assert configured["identityProvider"]["saml"]["metadataUrl"] == url
        assert code_of(await configure(metadataXml=None, metadataUrl="http://127.0.0.1:9/")) == "OUTBOUND_REFUSED"

    async def test_refuses_bad_input(self, configure: Configure) -> None:
        good, past = provider_metadata("school"), ' validUntil="2020-01-01T00:00:00Z" entityID'
        refused: list[dict[str, Any]] = [
            {"metadataXml": None},
            {"metadataXml": "no XML"},
            {"metadataXml": '<!DOCTYPE r [<!ENTITY e "x">]>' + good},
            {"metadataXml": provider_metadata()},
            {"metadataXml": provider_metadata("school", sso_url="javascript:alert(1)")},
            {"metadataXml": provider_metadata("school", sso_url="http://idp.school.example/sso")},
            {"metadataXml": good.replace("HTTP-Redirect", "SOAP")},
            {"metadataXml": good.replace(" entityID", past)},
            {"metadataUrl": "https://idp.school.example/metadata"},
            {"returnUris": []},
            {"returnUris": ["http://learn.example/"]},
            {"nameIdFormat": "TRANSIENT"},
            {"roleValues": [{"value": "boss", "role": "OWNER"}]},
        ]
        for changes in refused:
            assert code_of(await configure(**changes)) == "BAD_USER_INPUT", changes

    async def test_changes_no_provider_of_another_kind_or_version(
        self, configure: Configure, tenant: Tenant, sessions: Sessions
    ) -> None:
        await configure()
        refused = await configure(expectedVersion=7)
        assert refused["userErrors"] == [{"code": "VERSION_CONFLICT", "path": None}]
        keys = DataKeys(LocalMasterKey([CREDENTIALS_KEY]), subgraph="auth")
        trust = Trust("school", "School", "https://idp.example", "us", [], [], opens_accounts=False, enabled=True)
        caller = tenant.caller(*BUILT_IN[Role.OWNER], role=Role.OWNER)
        attempt = Attempt("configureIdentityProvider", key=None, input=None)
        with pytest.raises(NameTaken):
            async with unit_of_work(sessions, caller) as session:
                await identity_providers.configure(
                    session, keys, trust, attempt, expected_version=None, policy=SignInPolicy()
                )

    async def test_is_the_owners_alone(self, ask: Ask, tenant: Tenant) -> None:
        asked = {"alias": "x", "name": "x", "returnUris": [RETURN_URI]}
        assert code_of(await ask(CONFIGURE, {"input": asked}, token=fresh_token(tenant, Role.LEARNER))) == "FORBIDDEN"
        asked["metadataXml"] = provider_metadata("school")
        manager = fresh_token(tenant, Role.LEARNER, "tenant:manage")
        refused = (await ask(CONFIGURE, {"input": asked}, token=manager))["data"]["configureSamlProvider"]
        assert refused == {"identityProvider": None, "userErrors": [{"code": "PERMISSION_NOT_HELD", "path": None}]}


class TestChangingTheKey:
    async def test_no_sign_in_fails_on_the_way_from_one_key_to_another(
        self, ask: Ask, way: Way, configure: Configure, owner: str, tenant: Tenant, add_account: AddAccount
    ) -> None:
        await add_account(tenant, "ada@school.example", "correct horse")
        await configure()
        encrypting = {"encrypt_assertion": True}

        async def step(name: str) -> Any:
            answer = await ask(CHANGE_KEY, {"input": {"alias": "school", "step": name}}, token=owner)
            done = answer["data"]["changeSamlKey"]
            if done["userErrors"]:
                return done["userErrors"][0]["code"]
            keys, other = done["identityProvider"]["saml"], done["identityProvider"]["saml"]["otherCertificate"]
            return keys["ownCertificate"]["fingerprint"], other and other["fingerprint"]

        before = await way.school()
        assert [await step("SWAP"), await step("DROP")] == ["KEY_STEP_OUT_OF_TURN"] * 2
        first, second = await step("ADD")
        assert await step("ADD") == "KEY_STEP_OUT_OF_TURN"
        assert "code" in await way.go(before, **encrypting)
        between = await way.school()
        assert await step("SWAP") == (second, first)
        assert "code" in await way.go(between, **encrypting)
        assert "code" in await way.go(await way.school(), **encrypting)
        assert await step("DROP") == (second, None)
        assert "code" in await way.go(await way.school(), **encrypting)
        assert await way.go(between, **encrypting) == REFUSED
