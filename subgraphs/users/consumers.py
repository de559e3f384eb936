"""What the users subgraph does when others have told something."""

from typing import Final
from uuid import UUID

import msgspec

from shared.database import TenantSession
from shared.events import Handler, Handlers
from shared.roles import Role
from subgraphs.users.models import UserStatus
from subgraphs.users.store.people import UserStore


class TenantCreated(msgspec.Struct, frozen=True):
    owner_id: UUID
    owner_email: str
    owner_name: str


class AccountOpened(msgspec.Struct, frozen=True):
    user_id: UUID


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


HANDLERS: Final[Handlers] = {
    "auth.tenant-created.v1": Handler(TenantCreated, _add_owner),
    "auth.account-opened.v1": Handler(AccountOpened, _note_account),
}
