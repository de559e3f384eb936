"""Passwords are hashed off the loop, a bounded number at a time, and never told apart by time."""

import asyncio
import hashlib
import time
from collections.abc import Generator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from shared.errors import BadUserInput, Unavailable
from shared.password_policy import MAX_LENGTH, BreachedPassword, BreachedPasswords, PasswordPolicy, WeakPassword
from shared.passwords import Passwords


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
    async def test_refuses_too_short_and_too_long(self, passwords: Passwords, password: str) -> None:
        with pytest.raises(BadUserInput):
            await passwords.check(password)

    @pytest.mark.parametrize("password", ["password1", "aaaaaaaaaaaaaaaa", "qwertzuiop", "Passw0rd!"])
    async def test_refuses_what_is_guessed_soon(self, passwords: Passwords, password: str) -> None:
        with pytest.raises(WeakPassword) as refused:
            await passwords.check(password, field="newPassword")
        assert refused.value.path == ("input", "newPassword")

    async def test_refuses_what_others_know_of_the_person(self, passwords: Passwords) -> None:
        await passwords.check("zwetschkenknoedel")
        with pytest.raises(WeakPassword):
            await passwords.check("zwetschkenknoedel", about=["zwetschkenknoedel@example.org"])

    @pytest.mark.parametrize(
        "password", ["correct horse", "\ud800 lone surrogate", "\u4e2d\u6587 with \u00fcmlauts" * 10]
    )
    async def test_lets_the_rest_be(self, passwords: Passwords, password: str) -> None:
        await passwords.check(password)


class TestBreachedPasswords:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Ranges with one password that was seen, and one line that only fills up."""
        for password, seen in (("correct horse", 3), ("battery staple", 0)):
            digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
            lines = ["0" * 35 + ":7", f"{digest[5:]}:{seen}", "F" * 35 + ":1"]
            (tmp_path / f"{digest[:5]}.txt").write_text("\r\n".join(lines), "ascii")
        return tmp_path

    async def test_are_refused(self, folder: Path) -> None:
        policy = PasswordPolicy.create(folder)
        with pytest.raises(BreachedPassword):
            policy.check("correct horse", (), field="password")

    async def test_lines_that_only_fill_up_and_ranges_that_are_not_there_say_nothing(self, folder: Path) -> None:
        policy = PasswordPolicy.create(folder)
        policy.check("battery staple", (), field="password")
        policy.check("zwetschkenknoedel", (), field="password")

    def test_files_may_have_no_suffix(self, folder: Path) -> None:
        for path in folder.iterdir():
            path.rename(path.with_suffix(""))
        assert BreachedPasswords(folder).has("correct horse")
