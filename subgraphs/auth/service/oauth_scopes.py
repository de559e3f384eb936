"""What apps may be granted: permissions of the person they act for, and OpenID Connect's own scopes."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from shared.permissions.catalogue import BUILT_IN, PERMISSIONS
from shared.roles import Role

OPENID: Final = "openid"
IDENTITY: Final[Mapping[str, str]] = MappingProxyType(
    {
        OPENID: "Know who you are here.",
        "email": "See your e-mail address.",
        "offline_access": "Do all this while you are away.",
    }
)
"""Scopes that are no permissions, and what people read of them. Source: OpenID Connect Core 1.0, 5.4 and 11."""


def known() -> list[str]:
    """Every scope there is, in the order in which people read them."""
    return [*IDENTITY, *PERMISSIONS]


def described(scopes: Iterable[str]) -> list[str]:
    """What a person reads who is asked for them."""
    asked = set(scopes)
    words = {**IDENTITY, **PERMISSIONS}
    return [words[name] for name in known() if name in asked]


def narrowed(scope: str, *allowed: Iterable[str]) -> str:
    """A scope (names with spaces between) without what any of `allowed` lacks, in a fixed order."""
    asked = set(scope.split()).intersection(*map(set, allowed))
    return " ".join(name for name in known() if name in asked)


def held_by(role: str) -> frozenset[str]:
    """What an app may do at most for a person of that role."""
    return BUILT_IN[Role(role)] | IDENTITY.keys()
