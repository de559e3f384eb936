"""Checks of what clients send, each of which returns the value in the form it is kept."""

import re
import unicodedata
from typing import Final

from shared.errors import BadUserInput

_EMAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@LABEL(\.LABEL)+".replace("LABEL", r"[^\W_]([\w-]{0,61}[^\W_])?"))
"""Source: HTML standard, "valid email address", with the letters of every script."""
_MAX_EMAIL: Final = 254
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_SLUG: Final = 63

_CONTROLS: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_UNSEEN: Final = frozenset("\u200b\u2060\ufeff")
"""Spaces of no width: two names that differ in them alone look the same."""
_LAYOUT: Final = frozenset("\n\t")


def lookup(value: str, *, longest: int = 254) -> str | None:
    """A value to look something up by; None if nothing can be kept under it, so that nothing is found."""
    return value if 0 < len(value) <= longest and not _unkept(value) else None


def email_address(value: str, *, field: str = "email") -> str:
    """An e-mail address in lower case; whether it can be reached is another question."""
    address = value.strip().lower()
    if len(address) > _MAX_EMAIL:
        raise BadUserInput(f"`{field}` must have at most {_MAX_EMAIL} characters", field=field)
    if not _EMAIL.fullmatch(address):
        raise BadUserInput(f"`{field}` is not an e-mail address", field=field)
    return address


def slug(value: str, *, field: str = "slug") -> str:
    """A name for use in addresses: small letters, digits and single hyphens."""
    if len(value) > _MAX_SLUG or not _SLUG.fullmatch(value):
        raise BadUserInput(
            f"`{field}` must have 1 to {_MAX_SLUG} small letters, digits or single hyphens between them", field=field
        )
    return value


def text(value: str, *, field: str, longest: int = 200, lines: bool = False) -> str:
    """Text without spaces around it, of 1 to `longest` characters.

    Args:
        value: what was sent.
        field: its name, for the refusal.
        longest: how many characters it may have.
        lines: it may have several lines, and tabs.
    """
    stripped = value.strip()
    if not 0 < len(stripped) <= longest:
        raise BadUserInput(f"`{field}` must have 1 to {longest} characters", field=field)
    if any(_is_hidden(character) for character in stripped if not (lines and character in _LAYOUT)):
        raise BadUserInput(f"`{field}` must not have control characters or others that cannot be seen", field=field)
    return stripped


def _is_hidden(character: str) -> bool:
    """Whether a reader sees nothing of it, or sees other characters in another order because of it."""
    return (
        unicodedata.category(character) in _CONTROLS
        or unicodedata.bidirectional(character) in _DIRECTIONS
        or character in _UNSEEN
    )


def _unkept(value: str) -> bool:
    """Whether it has what a database's text cannot: NUL, or half of a surrogate pair."""
    return any(character == "\0" or "\ud800" <= character <= "\udfff" for character in value)
