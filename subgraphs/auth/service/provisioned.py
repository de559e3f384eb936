"""What a tenant's directory says of people's accounts; the users subgraph tells it."""

from datetime import datetime
from uuid import UUID

import structlog

from shared.database import TenantSession
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.magic_links import MailedLinkStore

_log = structlog.get_logger("studium.auth.provisioned")


async def change_email(session: TenantSession, user_id: UUID, email: str, now: datetime) -> None:
    """Let a person sign in by another address; what was mailed to the one before is good for nothing. Safe to repeat.

    An address that is somebody else's account's stays theirs.
    """
    if await AccountStore(session).set_email(user_id, email):
        await MailedLinkStore(session).close(user_id, now)
    else:
        _log.warning("email.taken", user_id=str(user_id))
