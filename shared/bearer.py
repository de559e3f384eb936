"""Tokens in headers. Source: RFC 6750, section 2.1."""

from collections.abc import Mapping
from typing import Final

from shared.errors import Unauthenticated

_SCHEME: Final = "bearer"


def bearer_token(headers: Mapping[str, str], name: str = "authorization") -> str | None:
    """Read the token of a header; None without one.

    Args:
        headers: their names are in lower case.
        name: of the header.

    Raises:
        Unauthenticated: the header is there and holds something else.
    """
    value = headers.get(name)
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    if scheme.lower() != _SCHEME or not token.strip():
        raise Unauthenticated(f"The {name.title()} header must read: Bearer <token>")
    return token.strip()
