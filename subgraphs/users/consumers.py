"""What the users subgraph does when others have told something."""

from typing import Final
from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.events import Handler, Handlers, record
from shared.roles import Role
from subgraphs.users.events import PersonAdmitted
from subgraphs.users.models import UserStatus
from subgraphs.users.store.people import UserStore


class TenantCreated(msgspec.Struct, frozen=True):
    owner_id: UUID
    owner_email: str
    owner_name: str


class AccountOpened(msgspec.Struct, frozen=True):
    user_id: UUID


class PersonArrived(msgspec.Struct, frozen=True):
    provider_id: UUID
    subject: str
    email: str
    display_name: str


async def _add_owner(session: TenantSession, event: TenantCreated) -> None:
    """Whoever made the tenant is its first person; the account is already there."""
    await UserStore(session).add(
        id=event.owner_id,
        email=event.owner_email,
        display_name=event.owner_name,
        role=Role.OWNER,
        status=UserStatus.ACTIVE,
        can_sign_in=True,
    )


async def _note_account(session: TenantSession, event: AccountOpened) -> None:
    await UserStore(session).note_account(event.user_id)


async def _admit(session: TenantSession, event: PersonArrived) -> None:
    """Whom a trusted identity provider brings: the person with that address, who may be invited or new."""
    store = UserStore(session)
    user = (await store.by_emails([event.email])).get(event.email)
    if user is None:
        user = await store.add(
            email=event.email, display_name=event.display_name, role=Role.LEARNER, status=UserStatus.ACTIVE
        )
    elif user.status == UserStatus.INVITED:
        user.display_name, user.status = event.display_name, UserStatus.ACTIVE
        user.version += 1
    if user is None or user.status != UserStatus.ACTIVE:
        return
    admitted = PersonAdmitted(
        tenant_id=session.caller.tenant_id,
        user_id=user.id,
        email=user.email,
        role=user.role,
        provider_id=event.provider_id,
        subject=event.subject,
    )
    record(session, admitted)


HANDLERS: Final[Handlers] = {
    "auth.tenant-created.v1": Handler(TenantCreated, _add_owner),
    "auth.account-opened.v1": Handler(AccountOpened, _note_account),
    "auth.person-arrived.v1": Handler(PersonArrived, _admit),
}
