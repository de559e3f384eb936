"""`notificationReceived`: none is missing, none comes twice, in order, whatever happens to the connection."""

import asyncio
import random
import time
from contextlib import aclosing
from typing import Any

import pytest

from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.jwks import LocalKeys
from shared.tokens import TokenIssuer, TokenVerifier
from subgraphs.notifications import service
from subgraphs.notifications.app import create
from subgraphs.notifications.settings import NotificationsSettings
from tests.patience import PATIENCE_SECONDS
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, SignIn
from tests.subgraphs.notifications.conftest import Listen, Tell, cursor_at
from tests.tenants import Control, Tenant


def received(answer: dict[str, Any]) -> dict[str, str]:
    assert "errors" not in answer
    return answer["data"]["notificationReceived"]


async def listening(hub: Hub) -> None:
    """Wait until somebody listens."""
    while not hub.wanted:  # noqa: ASYNC110 - the hub tells nobody who comes
        await asyncio.sleep(0.01)


async def begun(queries: Queries) -> None:
    """Wait until a subscription knows where it begins and reads what lies behind."""
    while not any("notifications.number >" in query for query in queries):  # noqa: ASYNC110 - nobody tells when
        await asyncio.sleep(0.01)


class TestFollowing:
    async def test_starts_now_without_a_cursor(
        self, listen: Listen, tell: Tell, tenant: Tenant, queries: Queries
    ) -> None:
        ada = tenant.caller()
        await tell(ada, "before")
        async with aclosing(listen(by=ada)) as answers:
            first = asyncio.ensure_future(anext(answers))
            await begun(queries)
            await tell(ada, "after")
            assert received(await first)["title"] == "after"

    async def test_goes_on_behind_a_cursor(self, listen: Listen, tell: Tell, tenant: Tenant, queries: Queries) -> None:
        ada = tenant.caller()
        await tell(ada, "a", "b", "c")
        async with aclosing(listen(by=ada, after=None)) as answers, asyncio.timeout(PATIENCE_SECONDS):
            waiting = asyncio.ensure_future(anext(answers))
            await begun(queries)
            await tell(ada, "d")
            cursor = received(await waiting)["cursor"]
        await tell(ada, "e", "f")
        async with aclosing(listen(by=ada, after=cursor)) as answers, asyncio.timeout(PATIENCE_SECONDS):
            assert [received(await anext(answers))["title"] for _ in range(2)] == ["e", "f"]

    async def test_goes_on_after_the_event_that_the_client_has_seen_last(
        self, notifications: SubgraphApp, signed_in: SignIn, tell: Tell, tenant: Tenant
    ) -> None:
        """Whatever the operation says itself: a browser that reconnects repeats it as it was."""
        ada = tenant.caller()
        await tell(ada, "a", "b", "c")
        query = "subscription ($after: String) { notificationReceived(after: $after) { title cursor } }"
        headers = {**signed_in(ada), "Last-Event-ID": cursor_at(ada, 2)}
        answers = notifications.service.subscribe(query, {"after": cursor_at(ada, 0)}, headers=headers)
        async with aclosing(answers):
            answer = await asyncio.wait_for(anext(answers), PATIENCE_SECONDS)
        assert answer["extensions"] == {"cursor": cursor_at(ada, 3)}
        assert received(answer) == {"title": "c", "cursor": cursor_at(ada, 3)}

    async def test_misses_nothing_from_where_the_mailbox_ended_before_it_began(
        self, ask: Ask, listen: Listen, tell: Tell, tenant: Tenant
    ) -> None:
        ada = tenant.caller()
        for title in ("the very first", "another"):
            ended = await ask("{ notificationCursor }", by=ada)
            await tell(ada, title)
            async with aclosing(listen(by=ada, after=ended["data"]["notificationCursor"])) as answers:
                assert received(await anext(answers))["title"] == title

    async def test_leaves_the_hub_when_the_client_goes(self, listen: Listen, tenant: Tenant, hub: Hub) -> None:
        async with aclosing(listen(by=tenant.caller())) as answers:
            waiting = asyncio.ensure_future(anext(answers))
            await listening(hub)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert not hub.wanted

    async def test_tells_nobody_else(self, listen: Listen, tell: Tell, tenant: Tenant, other_tenant: Tenant) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        double = other_tenant.caller(user_id=ada.user_id)
        heard: list[str] = []

        async def follow(person: Any) -> None:
            async with aclosing(listen(by=person, after=cursor_at(person, 0))) as answers:
                heard.append(received(await anext(answers))["title"])

        bobs, doubles = [asyncio.create_task(follow(person)) for person in (bob, double)]
        await tell(ada, "for Ada")
        await tell(bob, "for Bob")
        await asyncio.wait_for(bobs, PATIENCE_SECONDS)
        doubles.cancel()
        assert heard == ["for Bob"]

    @pytest.mark.parametrize("after", ["nonsense", "Wy0xXQ", "WyJ4Il0"])
    async def test_refuses_what_is_no_cursor(self, listen: Listen, tenant: Tenant, after: str) -> None:
        async with aclosing(listen(by=tenant.caller(), after=after)) as answers:
            answer = await anext(answers)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    @pytest.mark.parametrize("number", [3, 2**63 - 1])
    async def test_tells_a_cursor_beyond_the_newest_that_history_is_gone(
        self, listen: Listen, tell: Tell, tenant: Tenant, number: int
    ) -> None:
        ada = tenant.caller()
        await tell(ada, "a", "b")
        async with aclosing(listen(by=ada, after=cursor_at(ada, number))) as answers:
            answer = await asyncio.wait_for(anext(answers), PATIENCE_SECONDS)
        assert answer["errors"][0]["extensions"]["code"] == "HISTORY_GONE"

    async def test_refuses_a_cursor_of_somebody_elses(self, listen: Listen, tell: Tell, tenant: Tenant) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        await tell(ada, "a")
        await tell(bob, "b")
        async with aclosing(listen(by=ada, after=cursor_at(bob, 1))) as answers:
            answer = await asyncio.wait_for(anext(answers), PATIENCE_SECONDS)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    async def test_needs_somebody_signed_in(self, notifications: SubgraphApp) -> None:
        answers = notifications.service.subscribe("subscription { notificationReceived { id } }")
        async with aclosing(answers):
            assert (await anext(answers))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


class TestNoGap:
    async def test_a_subscriber_that_keeps_reconnecting_gets_each_once_and_in_order(
        self, listen: Listen, tell: Tell, tenant: Tenant
    ) -> None:
        ada, total, chance = tenant.caller(), 320, random.Random(7)
        heard: list[str] = []

        async def follow() -> None:
            cursor = cursor_at(ada, 0)
            while len(heard) < total:
                async with aclosing(listen(by=ada, after=cursor)) as answers:
                    for _ in range(chance.randrange(1, 20)):
                        notification = received(await anext(answers))
                        heard.append(notification["title"])
                        cursor = notification["cursor"]
                        if len(heard) == total:
                            break

        async def write(writer: int) -> None:
            await tell(ada, *(f"{writer}:{n}" for n in range(total // 8)))

        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as tasks:
            tasks.create_task(follow())
            for writer in range(8):
                tasks.create_task(write(writer))
        assert len(heard) == len(set(heard)) == total
        for writer in range(8):
            assert [one for one in heard if one.startswith(f"{writer}:")] == [
                f"{writer}:{n}" for n in range(total // 8)
            ]


class TestExpiry:
    async def test_ends_when_the_token_expires(
        self,
        control: Control,
        hub: Hub,
        issuer: TokenIssuer,
        tenant: Tenant,
        monkeypatch: pytest.MonkeyPatch,
        signed_in: Any,
    ) -> None:
        monkeypatch.setattr(service, "_RECHECK_SECONDS", 0.1)
        ahead = [0.0]
        verifier = TokenVerifier(LocalKeys(issuer.public_keys), clock=lambda: time.time() + ahead[0])
        settings = NotificationsSettings(database_url=control.login_url("notifications"))
        subgraph = create(settings, verifier=verifier, hub=hub)
        await subgraph.start()
        query = "subscription { notificationReceived { id } }"
        async with aclosing(subgraph.service.subscribe(query, headers=signed_in(tenant.caller()))) as answers:
            waiting = asyncio.ensure_future(anext(answers))
            await asyncio.sleep(0.5)
            assert not waiting.done()
            ahead[0] = 4_000.0
            answer = await asyncio.wait_for(waiting, PATIENCE_SECONDS)
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
            assert [one async for one in answers] == []
        await subgraph.aclose()
