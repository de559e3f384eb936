"""What the users subgraph tells the others."""

from typing import ClassVar
from uuid import UUID

from shared.events import Event


class UserSignedUp(Event, frozen=True, kw_only=True):
    """Somebody chose a password: the auth subgraph opens an account."""

    topic: ClassVar[str] = "users.user-signed-up.v1"

    user_id: UUID
    email: str
    display_name: str
    role: str
    sealed_password_hash: str
    """Opens only with the platform's key, for this user id."""


class UserInvited(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "users.user-invited.v1"

    user_id: UUID
    email: str
    role: str


class UserUpdated(Event, frozen=True, kw_only=True):
    """A profile has changed; whoever shows it reads it again."""

    topic: ClassVar[str] = "users.user-updated.v1"

    user_id: UUID
    version: int


class PersonAdmitted(Event, frozen=True, kw_only=True):
    """Somebody whom an identity provider brought is one of the tenant's people: the auth subgraph opens an account."""

    topic: ClassVar[str] = "users.person-admitted.v1"

    user_id: UUID
    email: str
    role: str
    provider_id: UUID
    subject: str
