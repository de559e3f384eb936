"""What apps may be granted: permissions of the person they act for, and OpenID Connect's own scopes."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.permissions.catalogue import PERMISSIONS
from shared.roles import Role
from subgraphs.auth.service.permissions import permissions_in_tenant

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


async def held_by(session: TenantSession, user_id: UUID, role: str) -> frozenset[str]:
    """What an app may do at most for a person of that role: what they may do in the whole tenant now."""
    return (await permissions_in_tenant(session, user_id, Role(role))).scopes | IDENTITY.keys()
