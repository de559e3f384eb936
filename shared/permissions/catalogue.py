"""Every permission there is, and the roles that every tenant has."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from shared.roles import Role

PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "learn": "Enrol in courses, record progress with what they teach, and see what one learns and is told.",
        "courses:write": "Make, change and publish courses, and see their drafts and their learners' records.",
        "content:write": "Make, change and release lessons, and see those that are not released.",
        "users:read": "See people's e-mail addresses, and list people.",
        "users:invite": "Invite people.",
        "users:provision": "Keep people and groups as a directory says, by SCIM.",
        "users:manage": "Change people, org units and groups; deactivate, merge and import people.",
        "people:impersonate": "Act for a while in the name of somebody who may do no more; they are told of it.",
        "analytics:read": "See the figures of other learners.",
        "roles:manage": "Make roles, and assign and revoke them.",
        "apps:manage": "Register applications, and make tokens and accounts for programs.",
        "sessions:manage": "See and end other people's sessions.",
        "audit:read": "Read the audit log.",
        "tenant:manage": "Change the tenant: its name, branding, domains, quotas and features; export and delete it.",
    }
)
"""What each permission lets its holder do, by its name, ``<area>:<verb>``."""
NOT_IN_ANOTHERS_NAME: Final = frozenset(
    {"roles:manage", "apps:manage", "sessions:manage", "tenant:manage", "people:impersonate"}
)
"""Permissions that nobody has while they act for somebody else; the policies forbid them too."""

_LEARNER: Final = frozenset({"learn"})
_INSTRUCTOR: Final = _LEARNER | {"courses:write", "content:write", "users:read", "analytics:read"}
BUILT_IN: Final[Mapping[Role, frozenset[str]]] = MappingProxyType(
    {
        Role.LEARNER: _LEARNER,
        Role.INSTRUCTOR: _INSTRUCTOR,
        Role.OWNER: frozenset(PERMISSIONS),
    }
)
"""What each role may do that every tenant has. Owners hold every permission, so that they can give every one."""


def built_in_id(tenant_id: UUID, role: Role) -> UUID:
    """The id that a role which every tenant has goes by in this one."""
    return uuid5(tenant_id, role)


def unknown(permissions: Iterable[str]) -> list[str]:
    """Those that there are not, sorted."""
    return sorted(set(permissions) - PERMISSIONS.keys())
