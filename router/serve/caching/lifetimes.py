"""`Cache-Control` as subgraphs and clients send it.

Source: https://www.rfc-editor.org/rfc/rfc9111#name-cache-control
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DIRECTIVE: Final = re.compile(r'([!#$%&\'*+.^_`|~0-9A-Za-z-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]*)))?')

_LONGEST: Final = 1_000
"""Characters of a header that is read: whatever says more, says too much."""


@dataclass(frozen=True, slots=True)
class CacheControl:
    """What a header says.

    Attributes:
        max_age: seconds; 0 where what stands there is no number.
        shared_max_age: the same for caches that many share.
    """

    no_store: bool = False
    no_cache: bool = False
    public: bool = False
    private: bool = False
    max_age: int | None = None
    shared_max_age: int | None = None

    @property
    def forbids(self) -> bool:
        """Whether nothing may be kept, or not without asking again."""
        return self.no_store or self.no_cache


@lru_cache(maxsize=1_000)
def parse_cache_control(text: str) -> CacheControl:
    """Read a header; one that is too long forbids everything."""
    if len(text) > _LONGEST:
        return CacheControl(no_store=True)
    found: dict[str, list[str]] = {}
    for match in _DIRECTIVE.finditer(text):
        found.setdefault(match[1].lower(), []).append(match[2] or match[3] or "")
    return CacheControl(
        "no-store" in found,
        "no-cache" in found,
        "public" in found,
        "private" in found,
        _seconds(found.get("max-age")),
        _seconds(found.get("s-maxage")),
    )


def _seconds(given: list[str] | None) -> int | None:
    """The least of what was given."""
    if given is None:
        return None
    return min(int(each) if each.isascii() and each.isdigit() and len(each) < _DIGITS else 0 for each in given)


_DIGITS: Final = 12
