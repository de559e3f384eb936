"""What the auth subgraph tells the others."""

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class TenantCreated(Event, frozen=True, kw_only=True):
    """A tenant is provisioned everywhere and has its owner's account."""

    topic: ClassVar[str] = "auth.tenant-created.v1"

    slug: str
    name: str
    owner_id: UUID
    owner_email: str
    owner_name: str


class AccountOpened(Event, frozen=True, kw_only=True):
    """A person can sign in from now on."""

    topic: ClassVar[str] = "auth.account-opened.v1"

    user_id: UUID


class SessionEnded(Event, frozen=True, kw_only=True):
    """A person has signed out: what their token of that session may do ends everywhere, at once.

    Routers read it (`studium.ended_sessions`), for as long as such a token would be valid.
    """

    topic: ClassVar[str] = "auth.session-ended.v1"

    user_id: UUID
    session_id: UUID
