"""People change the address that they sign in by.

They ask for it in a session of theirs, and show there the code that was mailed to the new address: nobody is led to
confirm the change of another's account. Who may have an address is for the users subgraph to say, where invitations
count too: it is told whose the address is to be, and tells everybody if it becomes so. Until then nothing has changed,
and nobody who asks learns whether somebody has the address. The one before is told, and can take the change back
(`email_change_undo`).
Source: OWASP ASVS 4.0, 2.5.5 and 2.2.3 (changes of authenticators are told by means of before).
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import BadUserInput, Refusal, Unauthenticated
from shared.events import record
from shared.idempotency import Attempt, once
from subgraphs.auth.errors import LinkInvalid
from subgraphs.auth.events import AddressChosen, EmailChanged, EmailChangeRequested
from subgraphs.auth.models import Account, EmailChange
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.audit import Actor, Subject, describe
from subgraphs.auth.service.own_session import require_own_session
from subgraphs.auth.service.throttles import attempting
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.email_change import EmailChangeStore
from subgraphs.auth.store.identity_providers import FederatedIdentityStore

TO_CONFIRM: Final = timedelta(hours=1)
TO_UNDO: Final = timedelta(days=7)


class EmailManaged(Refusal):
    code = "EMAIL_MANAGED"
    default_message = "Your organisation says what your address is; ask there"


async def request(desk: SignInDesk, caller: Caller, email: str, attempt: Attempt) -> timedelta:
    """Have a code mailed to an address that the caller wants; returns for how long it will work.

    Raises:
        Unauthenticated, Forbidden: it is not a person in a session of their own.
        BadUserInput: it is the address that they have.
        EmailManaged: a provider that they sign in through speaks for the address that they have.
        TooManyAttempts: they have asked too often just before.
    """
    now, key = desk.clock(), desk.codes.digest("email-change", str(caller.user_id))
    async with unit_of_work(desk.sessions, caller) as session:
        await require_own_session(session)
        await attempting(session, key, now)
    async with unit_of_work(desk.sessions, caller) as session:
        account = await _own(session)
        if account.email == email:
            raise BadUserInput("That is your address already", field="newEmail")
        if await FederatedIdentityStore(session).speaks_for(account.user_id, account.email):
            raise EmailManaged

        async def begin() -> UUID:
            change = EmailChange(
                user_id=account.user_id, from_email=account.email, to_email=email, expires_at=now + TO_CONFIRM
            )
            change_id = await EmailChangeStore(session).begin(change)
            describe(session, Subject("User", account.user_id))
            record(session, EmailChangeRequested(tenant_id=caller.tenant_id, change_id=change_id))
            return change_id

        await once(session, attempt, begin)
    return TO_CONFIRM


async def confirm(desk: SignInDesk, caller: Caller, code: str, attempt: Attempt) -> UUID:
    """Show that the caller reads the new address; returns who they are. The change is made in a moment.

    Raises:
        Unauthenticated, Forbidden: it is not a person in a session of their own.
        LinkInvalid: the code is of no change of theirs that waits for it, or their address is another by now.
    """
    change_id, now = desk.codes.email_changes.read(code), desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:
        await require_own_session(session)
        account = await _own(session)

        async def choose() -> UUID:
            store = EmailChangeStore(session)
            change = await store.confirm(change_id, account.user_id, now) if change_id else None
            if change is None or change.from_email != account.email:
                raise LinkInvalid
            tell_chosen(session, change, change.to_email)
            return account.user_id

        return await once(session, attempt, choose)


async def note_made(session: TenantSession, user_id: UUID, email: str, now: datetime) -> None:
    """Note what an account's address is now: one that its person has shown to read is verified. Safe to repeat."""
    account, store = await AccountStore(session).by_id(user_id), EmailChangeStore(session)
    if account is None or account.email != email:
        return
    made = await store.made(user_id, email, now, undoable_until=now + TO_UNDO)
    if made is not None:
        record(session, EmailChanged(tenant_id=session.caller.tenant_id, change_id=made.id))
    if made is not None or await store.has_undone(user_id, email):
        await AccountStore(session).verify_email(user_id, now)


async def _own(session: TenantSession) -> Account:
    """The caller's account, which nobody else changes until the transaction ends."""
    account = await AccountStore(session).locked(session.caller.require_user())
    if account is None:
        raise Unauthenticated
    return account


def tell_chosen(session: TenantSession, change: EmailChange, email: str, *, actor: Actor | None = None) -> None:
    """Tell the users subgraph whose the address is to be."""
    describe(session, Subject("User", change.user_id), actor=actor)
    tenant_id = session.caller.tenant_id
    record(session, AddressChosen(tenant_id=tenant_id, user_id=change.user_id, email=email))
