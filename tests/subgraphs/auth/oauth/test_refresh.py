"""Refresh tokens: each is good once, and a stolen one ends its family."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.roles import Role
from subgraphs.auth.models import Account, OAuthCode, OAuthGrant, OAuthRefreshToken
from subgraphs.auth.service.forgetting import forget_old
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.oauth.conftest import App, Register, Server


async def age(server: Server, sessions: Sessions, model: Any, column: str, by: timedelta) -> None:
    """Let what was noted have been noted earlier."""
    noted = getattr(model, column)
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        await session.execute(sa.update(model).where(noted.is_not(None)).values({column: noted - by}))


async def ended(server: Server, sessions: Sessions) -> int:
    """How many sessions the subgraph has told to have ended."""
    async with sessions.read(server.tenant.caller()) as session:
        told = sa.select(sa.func.count()).where(OutboxRow.topic == "auth.session-ended.v1")
        return await session.scalar(told) or 0


class TestRotation:
    async def test_each_refresh_gives_a_new_refresh_token(
        self, server: Server, app: App, granted: dict[str, Any], sessions: Sessions
    ) -> None:
        first = (await server.refreshed(app, granted["refresh_token"])).json()
        assert first["refresh_token"] != granted["refresh_token"]
        assert first["scope"] == granted["scope"]
        assert "id_token" in first
        second = await server.refreshed(app, first["refresh_token"])
        assert second.status_code == 200
        async with sessions.read(server.tenant.caller()) as session:
            answers = (await session.scalars(sa.select(OAuthRefreshToken.sealed_answer))).all()
        assert [answer is not None for answer in answers].count(True) == 1  # only the last may have to be told again

    async def test_a_token_that_comes_again_ends_its_family(
        self, server: Server, app: App, granted: dict[str, Any], sessions: Sessions
    ) -> None:
        newer = (await server.refreshed(app, granted["refresh_token"])).json()
        await age(server, sessions, OAuthRefreshToken, "used_at", timedelta(seconds=6))
        again = await server.refreshed(app, granted["refresh_token"])
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
        assert (await server.refreshed(app, newer["refresh_token"])).json()["error"] == "invalid_grant"
        assert not await server.is_active(app, newer["access_token"])
        assert await ended(server, sessions) == 1  # routers refuse its access tokens, and end their streams
        assert (await entries(sessions, server.tenant.caller()))[-1].action == "oauthRefreshTokenReplayed"

    async def test_a_token_that_is_sent_twice_at_once_gives_the_same(
        self, server: Server, app: App, granted: dict[str, Any]
    ) -> None:
        both = await asyncio.gather(*(server.refreshed(app, granted["refresh_token"]) for _ in range(3)))
        told = [answer.json() for answer in both]
        assert told[0] == told[1] == told[2]
        assert (await server.refreshed(app, told[0]["refresh_token"])).status_code == 200

    async def test_nobody_else_uses_an_apps_token_or_ends_its_family(
        self, server: Server, app: App, granted: dict[str, Any], register: Register, other_tenant: Any
    ) -> None:
        other = await register(name="Other")
        assert (await server.refreshed(other, granted["refresh_token"])).json()["error"] == "invalid_grant"
        elsewhere = Server(other_tenant, server.http)
        assert (await elsewhere.refreshed(app, granted["refresh_token"])).json()["error"] == "invalid_client"
        assert (await server.refreshed(app, granted["refresh_token"])).status_code == 200


class TestScope:
    async def test_it_can_be_less_but_not_more(self, server: Server, app: App, granted: dict[str, Any]) -> None:
        more = await server.refreshed(app, granted["refresh_token"], scope="openid learn courses:write")
        assert more.json()["error"] == "invalid_scope"
        less = (await server.refreshed(app, granted["refresh_token"], scope="learn")).json()
        assert less["scope"] == "learn"
        assert "id_token" not in less
        assert (await server.refreshed(app, less["refresh_token"])).json()["scope"] == granted["scope"]

    @pytest.fixture
    async def promoted(self, server: Server, granted: dict[str, Any], sessions: Sessions) -> dict[str, Any]:
        """The tokens of an app whose person may do less than when they consented."""
        async with unit_of_work(sessions, server.tenant.caller()) as session:
            await session.execute(sa.update(OAuthGrant).values(scope="openid learn courses:write"))
            await session.execute(sa.update(Account).values(role=Role.LEARNER))
        return granted

    async def test_it_is_never_more_than_the_person_may_now(
        self, server: Server, app: App, promoted: dict[str, Any]
    ) -> None:
        assert (await server.refreshed(app, promoted["refresh_token"])).json()["scope"] == "openid learn"


async def test_a_family_ends_after_its_time(
    server: Server, app: App, granted: dict[str, Any], sessions: Sessions
) -> None:
    await age(server, sessions, OAuthGrant, "expires_at", timedelta(days=91))
    assert (await server.refreshed(app, granted["refresh_token"])).json()["error"] == "invalid_grant"


async def test_what_is_over_is_forgotten_after_a_while(
    server: Server, app: App, granted: dict[str, Any], sessions: Sessions
) -> None:
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        await forget_old(session)
    assert (await server.refreshed(app, granted["refresh_token"])).status_code == 200
    await age(server, sessions, OAuthGrant, "expires_at", timedelta(days=121))
    async with unit_of_work(sessions, server.tenant.caller()) as session:
        await session.execute(sa.update(OAuthCode).values(expires_at=OAuthCode.expires_at - timedelta(days=1)))
        await forget_old(session)
    async with sessions.read(server.tenant.caller()) as session:
        for model in (OAuthGrant, OAuthRefreshToken, OAuthCode):
            assert await session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
