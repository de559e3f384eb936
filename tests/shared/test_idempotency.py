"""A mutation sent twice is done once."""

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from shared.database import Sessions, unit_of_work
from shared.errors import BadUserInput
from shared.idempotency import Attempt, IdempotencyKeyReused, once
from shared.ids import uuid7
from tests.tenants import Control, Tenant


class Work:
    """Does something and counts how often."""

    def __init__(self) -> None:
        self.done = 0

    async def __call__(self) -> UUID:
        self.done += 1
        await asyncio.sleep(0.02)
        return uuid7()


@pytest.fixture
def work() -> Work:
    """What is to be done once."""
    return Work()


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of a subgraph."""
    opened = Sessions.create(control.login_url("users"), subgraph="users", pool_size=4)
    yield opened
    await opened.aclose()


class TestOnce:
    async def test_without_a_key_is_done_each_time(self, sessions: Sessions, tenant: Tenant, work: Work) -> None:
        for _ in range(2):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await once(session, Attempt("do", None, {}), work)
        assert work.done == 2

    async def test_a_repetition_gives_the_first_result(self, sessions: Sessions, tenant: Tenant, work: Work) -> None:
        caller, results = tenant.caller(), list[UUID]()
        for _ in range(3):
            async with unit_of_work(sessions, caller) as session:
                results.append(await once(session, Attempt("do", "key", {"a": 1, "b": 2}), work))
        assert work.done == 1
        assert len(set(results)) == 1

    async def test_repetitions_at_the_same_time_are_done_once(
        self, sessions: Sessions, tenant: Tenant, work: Work
    ) -> None:
        caller = tenant.caller()

        async def send() -> UUID:
            async with unit_of_work(sessions, caller) as session:
                return await once(session, Attempt("do", "key", {}), work)

        assert len(set(await asyncio.gather(*(send() for _ in range(4))))) == 1
        assert work.done == 1

    async def test_a_failure_keeps_no_key(self, sessions: Sessions, tenant: Tenant, work: Work) -> None:
        caller = tenant.caller()

        async def fail() -> UUID:
            raise ZeroDivisionError

        async def send_and_fail() -> None:
            async with unit_of_work(sessions, caller) as session:
                await once(session, Attempt("do", "key", {}), fail)

        with pytest.raises(ZeroDivisionError):
            await send_and_fail()
        async with unit_of_work(sessions, caller) as session:
            await once(session, Attempt("do", "key", {}), work)
        assert work.done == 1

    async def test_another_input_is_refused(self, sessions: Sessions, tenant: Tenant, work: Work) -> None:
        caller = tenant.caller()
        async with unit_of_work(sessions, caller) as session:
            await once(session, Attempt("do", "key", {"a": 1}), work)
        async with unit_of_work(sessions, caller) as session:
            with pytest.raises(IdempotencyKeyReused):
                await once(session, Attempt("do", "key", {"a": 2}), work)

    async def test_keys_belong_to_a_person_and_an_operation(
        self, sessions: Sessions, tenant: Tenant, other_tenant: Tenant, work: Work
    ) -> None:
        caller = tenant.caller()
        for somebody, operation in [
            (caller, "do"),
            (caller, "undo"),
            (tenant.caller(), "do"),
            (other_tenant.caller(), "do"),
        ]:
            async with unit_of_work(sessions, somebody) as session:
                await once(session, Attempt(operation, "key", {}), work)
        assert work.done == 4


class TestAttempt:
    @pytest.mark.parametrize("key", ["", "k" * 201, "k\0"])
    def test_refuses_keys_that_cannot_be_kept(self, key: str) -> None:
        with pytest.raises(BadUserInput):
            Attempt("do", key, {})
