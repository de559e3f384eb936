"""API tokens at the router: exchanged once for a while, refused at once when they are revoked."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from router.execute import InProcessTransport
from router.serve.errors import Refused
from router.serve.streams.revocation import Revocations
from shared import api_tokens
from shared.caller import TenantId, UserId
from shared.database import Sessions, unit_of_work
from shared.errors import Unavailable
from shared.events.event import Recorded
from shared.ids import uuid7
from shared.jwks import LocalKeys
from shared.roles import Role
from shared.tokens import TokenIssuer, TokenVerifier, generate_signing_key
from studium.api_tokens import KEEP_SECONDS, ApiTokenInvalid, ApiTokens
from studium.ended_sessions import TOPIC, EndedSessions
from studium.gateway import authenticating
from studium.keys import public_url
from subgraphs.auth.models import ApiToken
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.api_tokens import ApiTokenStore
from tests.studium.routers import Person, routing, settings_for
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant

TOKEN = api_tokens.generate(TenantId(uuid7()))


class Desk:
    """What the auth subgraph answers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.issued: str | None = "an access token"
        self.code = "UNAUTHENTICATED"
        self.pause = asyncio.Event()
        self.pause.set()
        self.now = 0.0
        self.tokens = ApiTokens(lambda: {"auth": InProcessTransport(self.execute)}, clock=lambda: self.now)

    async def execute(
        self, query: str, variables: Mapping[str, Any] | None, operation: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        self.asked.append((variables or {})["token"])
        await self.pause.wait()
        if self.issued is None:
            error = {"message": "no", "path": ["apiTokenSession"], "extensions": {"code": self.code}}
            return {"data": {"apiTokenSession": None}, "errors": [error]}
        return {"data": {"apiTokenSession": {"accessToken": self.issued}}}


class TestExchange:
    async def test_is_asked_for_once_by_all_who_come_meanwhile(self) -> None:
        desk = Desk()
        desk.pause.clear()
        waiting = [asyncio.create_task(desk.tokens.access_token(TOKEN)) for _ in range(20)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        desk.pause.set()
        given = await asyncio.gather(*waiting[1:])
        assert given == ["an access token"] * 19
        assert desk.asked == [TOKEN]

    @pytest.mark.parametrize("issued", ["an access token", None])
    async def test_is_kept_for_a_while(self, issued: str | None) -> None:
        desk = Desk()
        desk.issued = issued

        async def outcome() -> str | None:
            try:
                return await desk.tokens.access_token(TOKEN)
            except ApiTokenInvalid:
                return None

        for now, asked in ((0.0, 1), (KEEP_SECONDS - 1, 1), (KEEP_SECONDS, 2)):
            desk.now = now
            assert await outcome() == issued
            assert len(desk.asked) == asked

    async def test_what_is_no_api_token_is_nobodys_business(self) -> None:
        desk = Desk()
        assert await desk.tokens.access_token("ey.some.jwt") == "ey.some.jwt"
        with pytest.raises(ApiTokenInvalid):
            await desk.tokens.access_token(TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1"))
        assert desk.asked == []

    async def test_trouble_is_not_kept_and_blames_nobody(self) -> None:
        desk = Desk()
        desk.issued, desk.code = None, "INTERNAL_ERROR"
        for _ in range(2):
            with pytest.raises(Unavailable):
                await desk.tokens.access_token(TOKEN)
        desk.issued = "an access token"
        assert await desk.tokens.access_token(TOKEN) == "an access token"

    async def test_a_flood_of_tokens_is_turned_away(self) -> None:
        desk = Desk()
        desk.pause.clear()
        tokens = [api_tokens.generate(TenantId(uuid7())) for _ in range(100)]
        waiting = [asyncio.create_task(desk.tokens.access_token(each)) for each in tokens]
        await asyncio.sleep(0.01)
        desk.pause.set()
        given = await asyncio.gather(*waiting, return_exceptions=True)
        assert len(desk.asked) == given.count("an access token") == 64
        assert sum(isinstance(each, Unavailable) for each in given) == 36

    async def test_a_token_that_is_revoked_is_refused_though_its_exchange_is_kept(self) -> None:
        issuer, desk, revocations = TokenIssuer(generate_signing_key()), Desk(), Revocations()
        tenant_id, user_id, token_id = TenantId(uuid7()), UserId(uuid7()), uuid7()
        issued = issuer.issue(tenant_id, user_id, token_id, role="LEARNER", scopes=[])
        desk.issued = issued.access_token
        ended = EndedSessions(revocations)
        authenticate = authenticating(TokenVerifier(LocalKeys(issuer.public_keys)), ended, desk.tokens)
        headers = {"authorization": f"Bearer {TOKEN}"}
        context = await authenticate(headers, None)
        assert context.headers == {"authorization": f"Bearer {issued.access_token}"}
        await ended.note(ending(tenant_id, user_id, token_id))
        with pytest.raises(Refused) as refused:
            await authenticate(headers, None)
        assert refused.value.status == 401


def ending(tenant_id: UUID, user_id: UUID, token_id: UUID) -> Recorded:
    payload = f'{{"tenant_id": "{tenant_id}", "user_id": "{user_id}", "session_id": "{token_id}"}}'
    return Recorded(uuid7(), tenant_id, TOPIC, payload.encode())


async def kept(sessions: Sessions, tenant: Tenant) -> Person:
    """A person of the tenant, with the text of an API token that is kept there."""
    user_id, text = UserId(uuid7()), api_tokens.generate(tenant.id)
    async with unit_of_work(sessions, tenant.caller()) as session:
        await AccountStore(session).add(
            user_id=user_id, email="ada@example.org", sealed_password_hash="sealed", role=Role.INSTRUCTOR
        )
        row = ApiToken(
            digest=api_tokens.digest(text),
            user_id=user_id,
            name="Timetable",
            ending=text[-4:],
            scopes=["learn"],
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
        await ApiTokenStore(session).add(row)
    return Person(tenant, user_id, text)


class TestRouter:
    async def test_a_program_asks_the_graph_with_an_api_token(self, control: Control, tenant: Tenant) -> None:
        async with opened(control, "auth") as sessions, routing(control) as router:
            program = await kept(sessions, tenant)
            answer = await router.ask("{ viewer { user { id } role scopes tenant { slug } } }", program)
            assert answer["data"]["viewer"] == {
                "user": {"id": str(program.user_id)},
                "role": "INSTRUCTOR",
                "scopes": ["learn"],
                "tenant": {"slug": tenant.slug},
            }
            stranger = Person(tenant, program.user_id, api_tokens.generate(tenant.id))
            refused = await router.ask("{ viewer { role } }", stranger)
            assert (refused["status"], refused["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")

    async def test_nobody_asks_for_an_exchange_through_the_graph(self, control: Control) -> None:
        async with routing(control) as router:
            answer = await router.ask('{ apiTokenSession(token: "stud_") { accessToken } }')
            assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

    async def test_whoever_comes_with_a_bad_token_learns_where_good_ones_are_had(self, control: Control) -> None:
        async with routing(control) as router:
            body, bad = {"query": "{ viewer { role } }"}, {"authorization": "Bearer bad"}
            refused = await router.client.post("/graphql", json=body, headers=bad)
            challenge, _, place = refused.headers["www-authenticate"].partition("resource_metadata=")
            assert (refused.status_code, challenge) == (401, 'Bearer error="invalid_token", ')
            url = place.strip('"')
            assert url == f"{public_url(settings_for(control))}/.well-known/oauth-protected-resource/graphql"
