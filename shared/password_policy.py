"""Which passwords nobody should choose: those that are guessed soon, and those that were breached; without a network.

Source: NIST SP 800-63B, section 5.1.1.2 (compare with known values, no rules of composition).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared.errors import BadUserInput, Refusal

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 256
_SCORE: Final = 3
"""Of zxcvbn, 0 to 4: not to be guessed by whoever has stolen slow hashes, by 10^8 guesses."""
_LOOKED_AT: Final = 72
"""Characters that are judged, as time grows with the square: what follows makes no password weaker."""
_PREFIX: Final = 5


class WeakPassword(Refusal):
    code = "WEAK_PASSWORD"
    default_message = "This password is easy to guess; add another word or two"


class BreachedPassword(Refusal):
    code = "BREACHED_PASSWORD"
    default_message = "This password is known from a breach somewhere; choose another"


def check_length(password: str, *, field: str = "password") -> None:
    """Refuse what is too short for anybody, and what costs too much to hash."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise BadUserInput(f"`{field}` must have {MIN_LENGTH} to {MAX_LENGTH} characters", field=field)


@dataclass(frozen=True, slots=True)
class BreachedPasswords:
    """A folder of range files, as Have I Been Pwned's downloader writes them.

    Each is named by the first five hexadecimal digits of SHA-1 (``21BD1.txt``, or without a suffix) and has a line a
    password, ``<the other 35 digits>:<times seen>``. A password is looked up by reading one file of 40 KB.
    """

    folder: Path

    def has(self, password: str) -> bool:
        """Whether the password was seen; not if the range is not there. Reads a file, so not for the event loop."""
        digest = hashlib.sha1(password.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest().upper()
        lines = self._range(digest[:_PREFIX])
        found = re.search(rf"^{digest[_PREFIX:]}:(\d+)", lines, re.MULTILINE | re.IGNORECASE)
        return found is not None and int(found[1]) > 0

    def _range(self, prefix: str) -> str:
        for name in (f"{prefix}.txt", prefix):
            try:
                return (self.folder / name).read_text("ascii")
            except FileNotFoundError:
                continue
        return ""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """Judges passwords when they are chosen, never when they are used."""

    breached: BreachedPasswords | None = None

    @classmethod
    def create(cls, breached: Path | None) -> "PasswordPolicy":
        """With the folder of range files, if there is one."""
        return cls(BreachedPasswords(breached) if breached else None)

    def check(self, password: str, about: Sequence[str], *, field: str) -> None:
        """Refuse a password that should not be chosen. Takes some milliseconds of a core, so not for the event loop.

        Args:
            password: of a length that `check_length` lets pass.
            about: what others know of the person: names, addresses.
            field: of the input that it stands in.

        Raises:
            WeakPassword: it is guessed soon.
            BreachedPassword: it was seen in a breach.
        """
        import zxcvbn

        known = [part for text in about for part in (text, *re.split(r"[^\w]+", text)) if part]
        if zxcvbn.zxcvbn(password[:_LOOKED_AT], user_inputs=known)["score"] < _SCORE:
            raise WeakPassword(path=("input", field))
        if self.breached is not None and self.breached.has(password):
            raise BreachedPassword(path=("input", field))
