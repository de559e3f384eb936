"""Passwords are hashed off the loop, a bounded number at a time, and never told apart by time."""

import asyncio
import time
from collections.abc import Generator

import pytest
from argon2 import PasswordHasher

from shared.errors import BadUserInput, Unavailable
from shared.passwords import MAX_LENGTH, Passwords, check_password


@pytest.fixture
def passwords() -> Generator[Passwords]:
    """A pool whose hashes cost little."""
    pool = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), max_waiting=8)
    yield pool
    pool.close()


class TestVerify:
    async def test_knows_the_password(self, passwords: Passwords) -> None:
        stored = await passwords.hash("correct horse")
        assert stored.startswith("$argon2id$")
        assert await passwords.verify(stored, "correct horse")
        assert not await passwords.verify(stored, "battery staple")

    async def test_a_given_salt_hashes_a_password_alike(self, passwords: Passwords) -> None:
        stored = await passwords.hash("correct horse", salt=b"s" * 16)
        assert await passwords.hash("correct horse", salt=b"s" * 16) == stored
        assert await passwords.hash("battery staple", salt=b"s" * 16) != stored
        assert await passwords.verify(stored, "correct horse")

    async def test_nobody_has_no_password(self, passwords: Passwords) -> None:
        assert not await passwords.verify(None, "nobody's password")

    async def test_a_damaged_hash_matches_nothing(self, passwords: Passwords) -> None:
        assert not await passwords.verify("$argon2id$nonsense", "x")

    async def test_nobody_takes_as_long_as_somebody(self) -> None:
        passwords = Passwords(PasswordHasher(time_cost=3, memory_cost=16384, parallelism=1))
        stored = await passwords.hash("correct horse")
        await passwords.verify(None, "warm up")

        async def seconds(one: str | None) -> float:
            taken: list[float] = []
            for _ in range(5):
                started = time.perf_counter()
                await passwords.verify(one, "wrong")
                taken.append(time.perf_counter() - started)
            return min(taken)

        known, unknown = await seconds(stored), await seconds(None)
        assert unknown > known / 3
        passwords.close()


class TestPool:
    async def test_refuses_at_once_when_too_many_wait(self, passwords: Passwords) -> None:
        outcomes = await asyncio.gather(*(passwords.hash("x") for _ in range(20)), return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
        assert len(refused) == 12

    async def test_leaves_the_loop_free(self) -> None:
        passwords = Passwords()
        hashing = asyncio.create_task(passwords.hash("x"))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 3
        passwords.close()


class TestCheck:
    @pytest.mark.parametrize("password", ["", "short", "x" * (MAX_LENGTH + 1)])
    def test_refuses_too_short_and_too_long(self, password: str) -> None:
        with pytest.raises(BadUserInput):
            check_password(password)
