"""Guessing passwords is slowed down, and nobody is locked out by it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from subgraphs.auth.models import Device, Throttle
from subgraphs.auth.service.throttles import FIRST_PAUSE, FREE_ATTEMPTS, LONGEST_PAUSE
from subgraphs.auth.store.throttles import ThrottleStore
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.sign_in.conftest import PASSWORD, SIGN_IN, Enter
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant


def credentials(tenant: Tenant, /, **changes: Any) -> dict[str, Any]:
    return {"input": {"tenant": tenant.slug, "email": "ada@example.org", "password": "wrong horse", **changes}}


async def guess(ask: Ask, tenant: Tenant, times: int, **changes: Any) -> list[str]:
    """The codes that so many guesses are answered with, one after another."""
    return [code_of(await ask(SIGN_IN, credentials(tenant, **changes))) for _ in range(times)]


async def wait(sessions: Sessions, tenant: Tenant, by: timedelta) -> None:
    """Let time pass for everything that is slowed down."""
    async with unit_of_work(sessions, tenant.caller()) as session:
        await session.execute(
            sa.update(Throttle).values(blocked_until=Throttle.blocked_until - by, updated_at=Throttle.updated_at - by)
        )


class TestGuessing:
    async def test_has_to_wait_after_a_while(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        await enter("ada@example.org")
        codes = await guess(ask, tenant, FREE_ATTEMPTS + 1)
        assert codes == ["INVALID_CREDENTIALS"] * FREE_ATTEMPTS + ["TOO_MANY_ATTEMPTS"]

    async def test_for_an_address_that_is_nobodys_has_to_wait_alike(self, ask: Ask, tenant: Tenant) -> None:
        codes = await guess(ask, tenant, FREE_ATTEMPTS + 1, email="nobody@example.org")
        assert codes == ["INVALID_CREDENTIALS"] * FREE_ATTEMPTS + ["TOO_MANY_ATTEMPTS"]

    async def test_in_one_request_counts_each_time(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        await enter("ada@example.org")
        aliases = "\n".join(f"a{place}: signIn(input: $input) {{ viewer {{ role }} }}" for place in range(20))
        answer = await ask(f"mutation ($input: SignInInput!) {{ {aliases} }}", credentials(tenant))
        codes = [error["extensions"]["code"] for error in answer["errors"]]
        assert codes == ["INVALID_CREDENTIALS"] * FREE_ATTEMPTS + ["TOO_MANY_ATTEMPTS"] * (20 - FREE_ATTEMPTS)

    async def test_at_once_counts_each_time(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        await enter("ada@example.org")
        codes = [code for [code] in await asyncio.gather(*(guess(ask, tenant, 1) for _ in range(20)))]
        assert codes.count("INVALID_CREDENTIALS") == FREE_ATTEMPTS

    async def test_waits_twice_as_long_each_time_up_to_a_limit(self, sessions: Sessions, tenant: Tenant) -> None:
        pauses: list[float] = []
        async with unit_of_work(sessions, tenant.caller()) as session:
            throttles = ThrottleStore(session)
            now = await session.scalar(sa.select(sa.func.now()))
            assert now
            for _ in range(14):
                assert (
                    await throttles.begin(b"k", now, free=2, first=timedelta(seconds=1), longest=LONGEST_PAUSE) is None
                )
                row = await session.get_one(Throttle, b"k", populate_existing=True)
                until = row.blocked_until
                pauses.append((until - now).total_seconds() if until else 0)
                now = until or now
        assert pauses[:6] == [0, 1, 2, 4, 8, 16]
        assert pauses[-1] == LONGEST_PAUSE.total_seconds()

    async def test_goes_on_after_the_pause_and_then_waits_longer(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant
    ) -> None:
        await enter("ada@example.org")
        await guess(ask, tenant, FREE_ATTEMPTS)
        await wait(sessions, tenant, FIRST_PAUSE)
        answer = await ask(SIGN_IN, credentials(tenant, password=PASSWORD))
        assert answer["data"]["signIn"]["session"]
        assert await guess(ask, tenant, 2) == ["INVALID_CREDENTIALS"] * 2

    async def test_says_how_long_to_wait(self, ask: Ask, tenant: Tenant) -> None:
        await guess(ask, tenant, FREE_ATTEMPTS)
        [error] = (await ask(SIGN_IN, credentials(tenant)))["errors"]
        assert 0 < error["extensions"]["retryAfter"] <= FIRST_PAUSE.total_seconds()


class TestKnownDevice:
    async def test_gets_in_while_others_guess(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        device = (await enter("ada@example.org"))["deviceToken"]
        assert (await guess(ask, tenant, FREE_ATTEMPTS + 1))[-1] == "TOO_MANY_ATTEMPTS"
        right = credentials(tenant, password=PASSWORD)
        assert code_of(await ask(SIGN_IN, right)) == "TOO_MANY_ATTEMPTS"
        answer = await ask(SIGN_IN, credentials(tenant, password=PASSWORD, deviceToken=device))
        assert answer["data"]["signIn"]["session"]["deviceToken"] == device

    async def test_does_not_free_those_who_guess(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        device = (await enter("ada@example.org"))["deviceToken"]
        await guess(ask, tenant, FREE_ATTEMPTS)
        await ask(SIGN_IN, credentials(tenant, password=PASSWORD, deviceToken=device))
        assert await guess(ask, tenant, 1) == ["TOO_MANY_ATTEMPTS"]

    async def test_is_slowed_down_by_itself(self, ask: Ask, enter: Enter, tenant: Tenant) -> None:
        device = (await enter("ada@example.org"))["deviceToken"]
        assert (await guess(ask, tenant, FREE_ATTEMPTS + 1, deviceToken=device))[-1] == "TOO_MANY_ATTEMPTS"
        answer = await ask(SIGN_IN, credentials(tenant, password=PASSWORD))
        assert answer["data"]["signIn"]["session"]

    @pytest.mark.parametrize("email", ["bob@example.org", "nobody@example.org"])
    async def test_of_somebody_else_is_of_no_use(self, ask: Ask, enter: Enter, tenant: Tenant, email: str) -> None:
        device = (await enter("ada@example.org"))["deviceToken"]
        await enter("bob@example.org")
        await guess(ask, tenant, FREE_ATTEMPTS, email=email)
        assert await guess(ask, tenant, 1, email=email, deviceToken=device) == ["TOO_MANY_ATTEMPTS"]

    @pytest.mark.parametrize("made_up", ["", "nonsense", "A" * 43, "\ud800"])
    async def test_that_was_made_up_is_a_new_one(
        self, ask: Ask, enter: Enter, sessions: Sessions, tenant: Tenant, made_up: str
    ) -> None:
        await enter("ada@example.org")
        assert (await enter("ada@example.org", deviceToken=made_up))["deviceToken"] != made_up
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(Device)) == 2

    async def test_that_comes_again_is_the_same(self, enter: Enter, sessions: Sessions, tenant: Tenant) -> None:
        device = (await enter("ada@example.org"))["deviceToken"]
        await enter("ada@example.org", deviceToken=device)
        async with sessions.read(tenant.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count()).select_from(Device)) == 1


class TestSigningUp:
    async def test_refuses_a_password_that_is_guessed_soon(self, ask: Ask) -> None:
        sign_up = """mutation { signUpTenant(input: {
          name: "North", slug: "north-weak", ownerName: "Ada", ownerEmail: "ada@example.org", password: "Passw0rd!"
        }) { tenant { id } userErrors { code path } } }"""
        refused = (await ask(sign_up))["data"]["signUpTenant"]
        assert refused == {"tenant": None, "userErrors": [{"code": "WEAK_PASSWORD", "path": ["input", "password"]}]}
