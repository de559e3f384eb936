"""Versions of specifications, as written at the end of a feature's address."""

import re
from typing import NamedTuple

_WRITTEN = re.compile(r"v(\d{1,9})\.(\d{1,9})", re.ASCII)


class Version(NamedTuple):
    """`v2.3` is `Version(2, 3)`; versions compare in their order of release."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> "Version | None":
        """The version that `text` spells, or None."""
        match = _WRITTEN.fullmatch(text)
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}"
