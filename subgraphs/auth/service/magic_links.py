"""Links that are sent by mail: to sign in, to choose another password, to show that an address is one's own.

Asking for one is answered alike whoever has the address, and takes as long: what differs is done later, by whoever
handles the event (`mailing`).
"""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.authentication import MAILED_LINK, Authentication
from shared.database import TenantSession, unit_of_work
from shared.events import record
from shared.idempotency import Attempt, once
from shared.tenancy.policies import WayIn
from subgraphs.auth.errors import LinkInvalid
from subgraphs.auth.events import LinkRequested, PasswordChanged
from subgraphs.auth.models import Account, LinkPurpose, MailedLink
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.mfa import Entry, MfaRequired, admit_once
from subgraphs.auth.service.passwords import keep_password
from subgraphs.auth.service.policies import refuse_closed
from subgraphs.auth.service.sessions import DeviceHint, end_sessions, known_device, open_tenant
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.magic_links import MailedLinkStore
from subgraphs.auth.store.sessions import DeviceStore
from subgraphs.auth.store.throttles import ThrottleStore

LIFETIMES: Final[Mapping[LinkPurpose, timedelta]] = {
    LinkPurpose.PASSWORD_RESET: timedelta(minutes=30),
    LinkPurpose.SIGN_IN: timedelta(minutes=10),
    LinkPurpose.EMAIL_VERIFICATION: timedelta(days=1),
}
FREE_MAILS: Final = 5
"""To one address for one purpose; after them there is none for a while, and nobody is told."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)


async def request(desk: SignInDesk, slug: str, email: str, purpose: LinkPurpose, attempt: Attempt) -> timedelta:
    """Have a link sent to an address, if it is somebody's; returns for how long it will work.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        WayInClosed: it is to sign in with, and the tenant lets nobody in by a link.
    """
    tenant, caller = await open_tenant(desk, slug)
    if purpose is LinkPurpose.SIGN_IN:
        refuse_closed(tenant.policies.sign_in, WayIn.MAGIC_LINK)
    now, lifetime = desk.clock(), LIFETIMES[purpose]
    async with unit_of_work(desk.sessions, caller) as session:

        async def ask() -> UUID:
            key = desk.codes.digest(f"mail:{purpose}", email)
            paused = await ThrottleStore(session).begin(
                key, now, free=FREE_MAILS, first=FIRST_PAUSE, longest=LONGEST_PAUSE
            )
            account = await AccountStore(session).by_email(email)
            link = MailedLink(
                purpose=purpose,
                user_id=account.user_id if account and paused is None else None,
                email_digest=_email_digest(desk, email),
                expires_at=now + lifetime,
            )
            link_id = await MailedLinkStore(session).add(link)
            record(session, LinkRequested(tenant_id=caller.tenant_id, link_id=link_id))
            return link_id

        await once(session, attempt, ask)
    return lifetime


async def sign_in(
    desk: SignInDesk, slug: str, code: str, device: DeviceHint, attempt: Attempt
) -> SignedIn | MfaRequired:
    """Let in whoever has the code of a mailed link, or ask for their second factor.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        LinkInvalid: the code is of no link that can be used.
        WayInClosed: the tenant lets nobody in by a link any more.
    """
    tenant, caller = await open_tenant(desk, slug)
    now = desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:

        async def follow() -> Entry:
            account = await _take(desk, session, code, LinkPurpose.SIGN_IN, now)
            await AccountStore(session).verify_email(account.user_id, now)
            device_id = await known_device(desk, session, account, device)
            return Entry(account, WayIn.MAGIC_LINK, Authentication.of(now, [MAILED_LINK]), device_id, device.name)

        return await admit_once(desk, tenant, session, follow, attempt)


async def reset_password(desk: SignInDesk, slug: str, code: str, password: str, attempt: Attempt) -> UUID:
    """Give the person whom a link was sent to another password; all of their sessions end.

    Returns:
        The person's id.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        LinkInvalid: the code is of no link that can be used.
        WeakPassword, BreachedPassword, BadUserInput: the password should not be chosen; the link can still be used.
    """
    tenant, caller = await open_tenant(desk, slug)
    tenant.policies.sign_in.check_password_length(password, field="newPassword")
    await desk.passwords.check(password, field="newPassword")
    hashed, now = await desk.passwords.hash(password), desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:

        async def reset() -> UUID:
            account = await _take(desk, session, code, LinkPurpose.PASSWORD_RESET, now)
            user_id = account.user_id
            await keep_password(desk, session, user_id, hashed)
            await AccountStore(session).verify_email(user_id, now)
            await MailedLinkStore(session).close(user_id, now)
            await DeviceStore(session).forget_all(user_id)
            await ThrottleStore(session).clear(desk.codes.digest("sign-in", f"account:{account.email}"))
            await end_sessions(session, user_id, now)
            record(session, PasswordChanged(tenant_id=caller.tenant_id, user_id=user_id))
            return user_id

        return await once(session, attempt, reset)


async def confirm_email(desk: SignInDesk, slug: str, code: str, attempt: Attempt) -> UUID:
    """Note that somebody reads the mail of an account's address; returns whose it is.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        LinkInvalid: the code is of no link that can be used.
    """
    _, caller = await open_tenant(desk, slug)
    now = desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:

        async def confirm() -> UUID:
            account = await _take(desk, session, code, LinkPurpose.EMAIL_VERIFICATION, now)
            await AccountStore(session).verify_email(account.user_id, now)
            return account.user_id

        return await once(session, attempt, confirm)


async def _take(desk: SignInDesk, session: TenantSession, code: str, purpose: LinkPurpose, now: datetime) -> Account:
    link_id = desk.codes.links.read(code)
    link = await MailedLinkStore(session).take(link_id, purpose, now) if link_id else None
    account = await AccountStore(session).by_id(link.user_id) if link and link.user_id else None
    if (
        link is None
        or account is None
        or not hmac.compare_digest(link.email_digest, _email_digest(desk, account.email))
    ):
        raise LinkInvalid
    return account


def _email_digest(desk: SignInDesk, email: str) -> bytes:
    return desk.codes.digest("email", email)
