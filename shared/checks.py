"""Checks of what clients send, each of which returns the value in the form it is kept."""

import re
from typing import Final

from shared.errors import BadUserInput

_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_MAX_EMAIL: Final = 254
_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_SLUG: Final = 63


def email_address(value: str, *, field: str = "email") -> str:
    """An e-mail address in lower case; whether it can be reached is another question."""
    address = value.strip().lower()
    if len(address) > _MAX_EMAIL or "\0" in address or not _EMAIL.fullmatch(address):
        raise BadUserInput(f"`{field}` is not an e-mail address", field=field)
    return address


def slug(value: str, *, field: str = "slug") -> str:
    """A name for use in addresses: small letters, digits and single hyphens."""
    if len(value) > _MAX_SLUG or not _SLUG.fullmatch(value):
        raise BadUserInput(
            f"`{field}` must have 1 to {_MAX_SLUG} small letters, digits or single hyphens between them", field=field
        )
    return value


def text(value: str, *, field: str, longest: int = 200) -> str:
    """Text without spaces around it, of 1 to `longest` characters."""
    stripped = value.strip()
    if not 0 < len(stripped) <= longest or "\0" in stripped:
        raise BadUserInput(f"`{field}` must have 1 to {longest} characters", field=field)
    return stripped
