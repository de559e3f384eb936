"""Apps are told that somebody has signed out. Source: OpenID Connect Back-Channel Logout 1.0."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import KeySet

from shared.caller import TenantId, service_caller
from shared.database import Sessions, unit_of_work
from shared.outbound import Outbound
from shared.tenancy.registry import Registry
from shared.tokens import TokenIssuer
from subgraphs.auth.service.deactivation import close_account
from subgraphs.auth.service.oauth_backchannel import EVENT, RETRY_AFTER, LogoutPost
from tests.patience import PATIENCE_SECONDS
from tests.subgraphs.auth.conftest import SIGNING_KEY, Ask
from tests.subgraphs.auth.oauth.conftest import PUBLIC_URL, REGISTER, App, Flow, Person, Register, Server, returned
from tests.tenants import Control, Tenant


@dataclass
class Receiver:
    """An app's server: what it was sent, and what it answers."""

    uri: str = ""
    status: int = 200
    tokens: list[str] = field(default_factory=list[str])

    async def take(self, request: web.Request) -> web.Response:
        self.tokens.append(str((await request.post())["logout_token"]))
        return web.Response(status=self.status)


@dataclass
class Planner:
    """An app that a person uses, with what it was given."""

    server: Server
    person: Person
    app: App
    receiver: Receiver
    post: LogoutPost
    tokens: dict[str, Any]
    clock: "Clock"

    async def keys(self) -> KeySet:
        return KeySet.import_key_set((await self.server.http.get(self.server.url("jwks"))).json())

    async def claims(self, token: str) -> jwt.Token:
        return jwt.decode(token, await self.keys(), algorithms=["ES256"])

    async def id_token(self) -> dict[str, Any]:
        return (await self.claims(self.tokens["id_token"])).claims

    async def tell(self) -> datetime | None:
        return await self.post.tell(self.server.tenant.id)

    async def sign_out(self) -> None:
        asked = {"id_token_hint": self.tokens["id_token"]}
        answer = await self.person.browser.get(self.server.url("authorize/logout"), params=asked)
        assert 'value="sign-out"' not in answer.text
        self.clock.now = datetime.now(UTC)


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    """On this machine, over HTTP."""
    taking, app = Receiver(), web.Application()
    app.router.add_post("/logout", taking.take)
    async with TestServer(app) as running:
        taking.uri = str(running.make_url("/logout"))
        yield taking


@pytest.fixture
async def registry(control: Control) -> AsyncGenerator[Registry]:
    opened = Registry.create(control.login_url("auth"))
    yield opened
    await opened.aclose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def planner(
    server: Server,
    person: Person,
    register: Register,
    receiver: Receiver,
    sessions: Sessions,
    registry: Registry,
    clock: Clock,
) -> AsyncGenerator[Planner]:
    """Signed in to, by a person whose browser has a session here."""
    app = await register(backchannelLogoutUri=receiver.uri, backchannelLogoutSessionRequired=True)
    flow = Flow(app)
    answer = await server.tokens(app, **flow.redemption(returned(await person.consent(flow.asked()))["code"]))
    outbound = Outbound(private=True)
    post = LogoutPost(sessions, registry, TokenIssuer(SIGNING_KEY), outbound, PUBLIC_URL, clock=clock)
    yield Planner(server, person, app, receiver, post, answer.json(), clock)
    await outbound.aclose()


async def test_an_app_is_told_once_who_has_signed_out_of_which_session(planner: Planner, clock: Clock) -> None:
    assert (await planner.tell(), planner.receiver.tokens) == (None, [])
    await planner.sign_out()
    assert await planner.tell() is None
    assert await planner.tell() is None
    [token] = planner.receiver.tokens
    told, known, now = await planner.claims(token), await planner.id_token(), int(clock.now.timestamp())
    assert told.header["typ"] == "logout+jwt"
    assert UUID(told.claims.pop("jti"))
    assert told.claims == {
        "iss": planner.server.issuer,
        "aud": planner.app.id,
        "sub": known["sub"],
        "sid": known["sid"],
        "iat": now,
        "exp": now + 120,
        "events": {EVENT: {}},
    }


async def test_what_an_app_may_do_while_its_person_is_there_ends_with_their_session(
    planner: Planner, register: Register
) -> None:
    lasting = await register(name="Mailer", scopes=["openid", "learn", "offline_access"])
    flow = Flow(lasting, scope="openid learn offline_access")
    code = returned(await planner.person.consent(flow.asked()))["code"]
    kept = (await planner.server.tokens(lasting, **flow.redemption(code))).json()
    await planner.sign_out()
    ended = await planner.server.refreshed(planner.app, planner.tokens["refresh_token"])
    assert ended.json()["error"] == "invalid_grant"
    assert not await planner.server.is_active(planner.app, planner.tokens["access_token"])
    assert (await planner.server.refreshed(lasting, kept["refresh_token"])).status_code == 200


async def test_a_code_is_good_for_nothing_once_the_session_has_ended(planner: Planner) -> None:
    flow = Flow(planner.app)
    code = returned(await planner.person.open(flow.asked(prompt="none")))["code"]
    await planner.sign_out()
    answer = await planner.server.tokens(planner.app, **flow.redemption(code))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_an_app_that_does_not_take_it_is_told_again_and_then_given_up(
    planner: Planner, clock: Clock, ask: Ask, owner_token: str
) -> None:
    planner.receiver.status = 500
    await planner.sign_out()
    for number, wait in enumerate(RETRY_AFTER, start=1):
        again = await planner.tell()
        assert (again, len(planner.receiver.tokens)) == (clock.now + wait, number)
        assert (await planner.tell(), len(planner.receiver.tokens)) == (again, number)  # not before it is due
        clock.now += wait
    assert await planner.tell() is None
    assert len(planner.receiver.tokens) == 1 + len(RETRY_AFTER)
    assert len({(await planner.claims(token)).claims["jti"] for token in planner.receiver.tokens}) == 5
    kept = await ask("{ auditEvents(first: 1) { edges { node { action } } } }", token=owner_token)
    assert kept["data"]["auditEvents"]["edges"] == [{"node": {"action": "oauthLogoutNotTaken"}}]


async def test_apps_are_told_of_people_who_are_deactivated(planner: Planner, sessions: Sessions) -> None:
    known = await planner.id_token()
    async with unit_of_work(sessions, service_caller(planner.server.tenant.id, "auth")) as session:
        await close_account(session, UUID(known["sub"]), planner.clock.now)
    await planner.tell()
    [token] = planner.receiver.tokens
    assert (await planner.claims(token)).claims["sid"] == known["sid"]


async def test_an_id_token_of_another_session_signs_nobody_out(planner: Planner) -> None:
    page = await planner.person.open(Flow(planner.app).asked(prompt="login"))
    await planner.person.sign_in(page)
    asked = {"id_token_hint": planner.tokens["id_token"]}
    answer = await planner.person.browser.get(planner.server.url("authorize/logout"), params=asked)
    assert 'value="sign-out"' in answer.text


async def test_no_app_has_its_own_neighbours_asked(
    planner: Planner, sessions: Sessions, registry: Registry, clock: Clock
) -> None:
    guarded = Outbound()
    post = LogoutPost(sessions, registry, TokenIssuer(SIGNING_KEY), guarded, PUBLIC_URL, clock=clock)
    await planner.sign_out()
    assert await post.tell(planner.server.tenant.id) == clock.now + RETRY_AFTER[0]
    assert planner.receiver.tokens == []
    await guarded.aclose()


@pytest.mark.parametrize("uri", ["http://app.example/logout", "com.example.app:/logout", "https://app.example/#x"])
async def test_apps_are_told_at_addresses_of_theirs_alone(ask: Ask, owner_token: str, uri: str) -> None:
    asked = {"name": "Planner", "scopes": ["openid"], "redirectUris": ["https://app.example/"]}
    done = await ask(REGISTER, {"input": {**asked, "backchannelLogoutUri": uri}}, token=owner_token)
    assert [error["extensions"]["code"] for error in done["errors"]] == ["BAD_USER_INPUT"]


async def test_a_tenant_is_served_each_time_that_it_is_woken_or_wants_to_be(
    sessions: Sessions, registry: Registry, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, again = asyncio.Queue[TenantId](), [datetime.now(UTC)]

    async def tell(_: LogoutPost, tenant_id: TenantId) -> datetime | None:
        if tenant_id != tenant.id:
            return None
        await served.put(tenant_id)
        return again.pop() if again else None

    monkeypatch.setattr(LogoutPost, "tell", tell)
    outbound = Outbound()
    post = LogoutPost(sessions, registry, TokenIssuer(SIGNING_KEY), outbound, PUBLIC_URL)
    async with asyncio.timeout(PATIENCE_SECONDS):
        running = asyncio.create_task(post.run())
        for _ in range(2):  # as a tenant that there is, and because it wants to be
            assert await served.get() == tenant.id
        for _ in range(2):
            post.wake(tenant.id)
            assert await served.get() == tenant.id
    assert not running.done()
    running.cancel()
    await outbound.aclose()
