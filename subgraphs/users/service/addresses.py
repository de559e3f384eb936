"""People's addresses, changed as they have chosen and confirmed them where they sign in."""

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from shared.database import TenantSession
from shared.events import record
from subgraphs.users.events import UserEmailChanged
from subgraphs.users.models import UserStatus
from subgraphs.users.store.kept_addresses import KeptAddressStore
from subgraphs.users.store.people import UserStore

KEPT: Final = timedelta(days=8)
"""How long nobody signs up by an address that somebody has given up: for longer than they can take the change back.

Else whoever has changed another's address could take the one before as well, and leave them no way back to it.
"""
_log = structlog.get_logger("studium.users.addresses")


async def change(session: TenantSession, user_id: UUID, email: str) -> None:
    """Give a person the address that they have shown to read, and tell everybody. Safe to repeat.

    Nothing changes where it is somebody else's, also only as an invitation's, where a directory says what the person's
    address is, and for who is not there any more. The one before is kept for them for a while.
    """
    people = UserStore(session)
    user = await people.locked(user_id)
    if user is None or user.status != UserStatus.ACTIVE or user.email == email:
        return
    before = user.email
    if await people.is_provisioned(user_id) or not await people.set_email(user, email):
        _log.warning("address.refused", user_id=str(user_id))
        return
    await KeptAddressStore(session).keep(before, user_id, datetime.now(UTC) + KEPT)
    tenant_id = session.caller.tenant_id
    record(session, UserEmailChanged(tenant_id=tenant_id, user_id=user_id, email=email, actor_id=user_id))
