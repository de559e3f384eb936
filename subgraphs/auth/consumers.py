"""What the auth subgraph does when others have told something."""

from typing import Final
from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.events import Handler, Handlers
from shared.roles import Role
from subgraphs.auth.service import accounts as service
from subgraphs.auth.service import federated


class UserSignedUp(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str
    role: Role
    sealed_password_hash: str


class PersonAdmitted(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str
    role: Role
    provider_id: UUID
    subject: str


async def _open_account(session: TenantSession, event: UserSignedUp) -> None:
    await service.open_account(
        session,
        user_id=event.user_id,
        email=event.email,
        sealed_password_hash=event.sealed_password_hash,
        role=event.role,
    )


async def _open_federated(session: TenantSession, event: PersonAdmitted) -> None:
    """An account without a password, for whom the provider means."""
    await service.open_account(
        session, user_id=event.user_id, email=event.email, sealed_password_hash=None, role=event.role
    )
    await federated.link(session, event.provider_id, event.subject, event.user_id)


HANDLERS: Final[Handlers] = {
    "users.user-signed-up.v1": Handler(UserSignedUp, _open_account),
    "users.person-admitted.v1": Handler(PersonAdmitted, _open_federated),
}
