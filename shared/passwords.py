"""Passwords: argon2id, off the event loop, a few at a time."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import Unavailable
from shared.password_policy import MAX_LENGTH, PasswordPolicy, check_length

T = TypeVar("T")

_MAX_WAITING: Final = 64


class Passwords:
    """Judges, hashes and verifies in a bounded pool: each hash takes a tenth of a second of one core and 64 MiB.

    Callers beyond `max_waiting` are refused at once instead of queueing without end.
    """

    def __init__(
        self,
        hasher: PasswordHasher | None = None,
        *,
        policy: PasswordPolicy | None = None,
        threads: int = 2,
        max_waiting: int = _MAX_WAITING,
    ) -> None:
        self._hasher = hasher or PasswordHasher()
        self._policy = policy or PasswordPolicy()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._max_waiting = max_waiting
        self._waiting = 0
        self._decoy: str | None = None

    async def check(self, password: str, *, about: Sequence[str] = (), field: str = "password") -> None:
        """Refuse a password that nobody should choose.

        Args:
            password: what was chosen.
            about: what others know of the person: names, addresses.
            field: of the input that it stands in.

        Raises:
            BadUserInput: it is too short or too long.
            WeakPassword: it is guessed soon.
            BreachedPassword: it was seen in a breach.
        """
        check_length(password, field=field)
        await self._run(lambda: self._policy.check(password, about, field=field))

    async def hash(self, password: str, *, salt: bytes | None = None) -> str:
        """Hash a password, with a salt of chance unless one is given: with that, the same password hashes alike."""
        return await self._run(lambda: self._hasher.hash(password, salt=salt))

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether `password` is the one hashed in `stored`.

        None (nobody by that name) costs as much as a wrong password, so that time does not tell the two apart. What is
        too long to have been chosen matches nothing, and costs nothing whoever is asked about.
        """
        if len(password) > MAX_LENGTH:
            return False
        if self._decoy is None:
            self._decoy = await self.hash("nobody's password")
        decoy = self._decoy
        matches = await self._run(lambda: self._matches(stored or decoy, password))
        return matches and stored is not None

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= self._max_waiting:
            raise Unavailable
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
