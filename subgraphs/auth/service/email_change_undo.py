"""Changes of addresses taken back by the address before: somebody else may have made them.

So what lets in whoever made the change goes as well: sessions, the password, devices, what was granted to apps, tokens,
and passkeys, second factors and links to identity providers that are no older than the change. What the person had
before stays, as who reads the mail of an address alone is not to get past a second factor by this.
Source: OWASP ASVS 4.0, 2.2.3.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from shared.database import TenantSession, unit_of_work
from shared.idempotency import Attempt, once
from subgraphs.auth.errors import LinkInvalid
from subgraphs.auth.models import EmailChange
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Actor
from subgraphs.auth.service.deactivation import end_all
from subgraphs.auth.service.email_change import TO_CONFIRM, tell_chosen
from subgraphs.auth.service.mailing import NO_MAIL
from subgraphs.auth.service.recovery import take_away_apps, take_away_passkeys
from subgraphs.auth.service.sessions import open_tenant
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.email_change import EmailChangeStore
from subgraphs.auth.store.external_identities import ExternalIdentityStore
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.mfa import RecoveryCodeStore, TotpFactorStore, held_by
from subgraphs.auth.store.sessions import DeviceStore

_log = structlog.get_logger("studium.auth.email_change")


async def undo(desk: SignInDesk, slug: str, code: str, attempt: Attempt) -> UUID:
    """Take a change back, and all that came after it, by the code that the address before was sent.

    The person chooses another password by a link to that address, which is the account's from now on.

    Returns:
        The person's id.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        LinkInvalid: the code is of no change that can be undone, or others than the person have changed the address
            since: what a directory says is not undone by whoever reads an address of before.
    """
    _, caller = await open_tenant(desk, slug)
    change_id, now = desk.codes.email_undos.read(code), desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:

        async def take_back() -> UUID:
            change = await _taken_back(session, change_id, now) if change_id else None
            if change is None:
                raise LinkInvalid
            await _shut_out(session, change, now)
            await _readdress(session, change, now)
            tell_chosen(session, change, change.from_email, actor=Actor.person(change.user_id))
            return change.user_id

        return await once(session, attempt, take_back)


async def _taken_back(session: TenantSession, change_id: UUID, now: datetime) -> EmailChange | None:
    """The change, undone now with those that came after it; None if it cannot be."""
    store = EmailChangeStore(session)
    known = await store.get(change_id)
    account = None if known is None else await AccountStore(session).locked(known.user_id)
    if known is None or account is None:
        return None
    address = known.from_email
    for made in await store.made_since(known):
        if made.from_email != address:
            return None
        address = made.to_email
    return await store.undo(change_id, now) if account.email == address else None


async def _shut_out(session: TenantSession, change: EmailChange, now: datetime) -> None:
    """Let nobody in by what they may have set up around the change."""
    user_id, since = change.user_id, (change.made_at or now) - TO_CONFIRM - timedelta(minutes=1)  # for clocks
    await AccountStore(session).drop_password(user_id)
    await MailedLinkStore(session).close(user_id, now)
    await DeviceStore(session).forget_all(user_id)
    await take_away_passkeys(session, user_id, since=since)
    await take_away_apps(session, user_id, since=since)
    await TotpFactorStore(session).drop_unconfirmed(user_id)
    await ExternalIdentityStore(session).remove_newer(user_id, since)
    held = await held_by(session, user_id)
    if not held.totp and not held.passkey:
        await RecoveryCodeStore(session).drop(user_id)
    await end_all(session, user_id, now)


async def _readdress(session: TenantSession, change: EmailChange, now: datetime) -> None:
    """Take the account away from the address that it has, at once: whoever reads that one's mail could come back by it.

    The users subgraph says so to everybody else in a moment. Where the address before is somebody else's by now, the
    account has none that mail gets to, and whoever manages people decides. Source: RFC 2606, section 2 (``.invalid``).
    """
    accounts, user_id = AccountStore(session), change.user_id
    if await accounts.set_email(user_id, change.from_email):
        await accounts.verify_email(user_id, now)
        return
    _log.warning("email.taken", user_id=str(user_id))
    await accounts.set_email(user_id, f"{user_id}@taken-back{NO_MAIL}")
