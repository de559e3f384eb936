"""Accounts under an address that nobody has proved to read, until somebody comes whose address it is.

Whoever opened such an account may be somebody else, who waits for its person to use it. Source: A. Sudhodanan and
A. Paverd, "Pre-hijacked accounts", USENIX Security 2022, section 4.1 (classic-federated merge).
"""

from datetime import datetime

from shared.database import TenantSession
from shared.events import record
from subgraphs.auth.events import PasskeyRemoved
from subgraphs.auth.models import Account
from subgraphs.auth.service.deactivation import end_all
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.webauthn import PasskeyStore


async def claim(session: TenantSession, account: Account, now: datetime) -> None:
    """Note that the account's person reads its address; if nobody knew that before, nothing from before lets one in.

    So its password and passkeys are gone, and all that was open ends. What is only asked for beside them stays: it lets
    nobody in alone.
    """
    if account.email_verified_at is not None:
        return
    user_id, passkeys = account.user_id, PasskeyStore(session)
    accounts = AccountStore(session)
    await accounts.drop_password(user_id)
    for passkey in await passkeys.of(user_id):
        await passkeys.remove(passkey.id, user_id)
        record(session, PasskeyRemoved(tenant_id=session.caller.tenant_id, user_id=user_id, passkey_id=passkey.id))
    await MailedLinkStore(session).close(user_id, now)
    await end_all(session, user_id, now)
    await accounts.verify_email(user_id, now)
