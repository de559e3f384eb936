"""Whoever is deactivated is out at once, and stays out until they are let in again."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from shared.api_tokens import digest, generate
from shared.caller import service_caller
from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.models import ApiToken, OAuthApp, OAuthGrant
from subgraphs.auth.service.accounts import utc_now
from tests.subgraphs.auth.conftest import AddAccount, Ask
from tests.tenants import Tenant

_SIGN_IN = """mutation ($input: SignInInput!) {
  signIn(input: $input) { session { accessToken refreshToken } userErrors { code } }
}"""
_REFRESH = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken } } }"
_EXCHANGE = "query ($token: String!) { apiTokenSession(token: $token) { accessToken } }"


async def handle(sessions: Sessions, tenant: Tenant, what: str, user_id: Any) -> None:
    """Handle an event of the users subgraph as the consumer does."""
    topic = f"users.user-{what}.v1"
    told = {"user_id": str(user_id), "actor_id": None, "occurred_at": utc_now().isoformat()}
    async with unit_of_work(sessions, service_caller(tenant.id, "auth")) as session:
        await HANDLERS[topic].handle(session, told)


async def test_all_that_somebody_has_open_ends_and_they_get_in_again_when_they_may(
    ask: Ask, add_account: AddAccount, sessions: Sessions, tenant: Tenant
) -> None:
    ada = await add_account(tenant, "ada@example.org", "correct horse")
    asked = {"input": {"tenant": tenant.slug, "email": "ada@example.org", "password": "correct horse"}}
    entered = (await ask(_SIGN_IN, asked))["data"]["signIn"]["session"]
    nothing: dict[str, list[str]] = {"redirect_uris": [], "scopes": [], "grant_types": []}
    text, soon = generate(tenant.id), utc_now() + timedelta(days=1)
    token = ApiToken(digest=digest(text), user_id=ada.user_id, name="t", ending="abcd", scopes=[], expires_at=soon)
    app = OAuthApp(id=uuid7(), name="App", confidential=False, created_by=ada.user_id, **nothing)
    grant = OAuthGrant(id=uuid7(), app_id=app.id, user_id=ada.user_id, scope="learn", expires_at=soon)
    async with unit_of_work(sessions, tenant.caller()) as session:
        for row in (token, app, grant):
            session.add(row)
            await session.flush()
    assert (await ask(_EXCHANGE, {"token": text}))["data"]["apiTokenSession"]
    for _ in range(2):
        await handle(sessions, tenant, "deactivated", ada.user_id)
    async with sessions.read(tenant.caller()) as session:
        topic = OutboxRow.topic == "auth.session-ended.v1"
        ended = [row.payload["session_id"] for row in await session.scalars(sa.select(OutboxRow).where(topic))]
    assert {str(token.id), str(grant.id)} < set(ended)
    assert len(ended) == 3
    assert (await ask(_EXCHANGE, {"token": text})).get("errors")
    refreshing = {"input": {"refreshToken": entered["refreshToken"]}}
    assert (await ask(_REFRESH, refreshing))["errors"][0]["extensions"]["code"] == "REFRESH_TOKEN_INVALID"
    refused = (await ask(_SIGN_IN, asked))["data"]["signIn"]
    assert refused == {"session": None, "userErrors": [{"code": "ACCOUNT_DEACTIVATED"}]}
    wrong = {"input": {**asked["input"], "password": "wrong horse"}}
    assert (await ask(_SIGN_IN, wrong))["errors"][0]["extensions"]["code"] == "INVALID_CREDENTIALS"
    await handle(sessions, tenant, "reactivated", ada.user_id)
    assert (await ask(_SIGN_IN, asked))["data"]["signIn"]["session"]
