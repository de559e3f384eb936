"""Signing in with a password."""

from dataclasses import dataclass, field
from uuid import UUID

from shared.authentication import PASSWORD, Authentication
from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.errors import InvalidCredentials
from shared.idempotency import Attempt
from shared.tenancy.policies import WayIn
from subgraphs.auth.models import Account
from subgraphs.auth.service.accounts import SignedIn, SignInDesk
from subgraphs.auth.service.mfa import Entry, MfaRequired, Prove, admit
from subgraphs.auth.service.mfa_factors import methods_of
from subgraphs.auth.service.policies import refuse_closed
from subgraphs.auth.service.refusals import tell_refused
from subgraphs.auth.service.sessions import DeviceHint, known_device, open_tenant
from subgraphs.auth.service.throttles import attempting
from subgraphs.auth.store.accounts import AccountStore
from subgraphs.auth.store.throttles import ThrottleStore


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who wants to come in, and what they know."""

    tenant: str
    email: str
    password: str = field(repr=False)
    device: DeviceHint = field(default_factory=DeviceHint)


async def sign_in(desk: SignInDesk, given: Credentials, attempt: Attempt) -> SignedIn | MfaRequired:
    """Let in whoever knows the password, or ask for their second factor.

    An address nobody has takes as long as a wrong password and is answered alike.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        WayInClosed: the tenant lets nobody in by a password; which is right is not told then.
        InvalidCredentials: the address or the password is wrong.
        TooManyAttempts: too many have failed just before.
    """
    tenant, caller = await open_tenant(desk, given.tenant)
    refuse_closed(tenant.policies.sign_in, WayIn.PASSWORD)
    now = desk.clock()
    async with unit_of_work(desk.sessions, caller) as session:
        account = await AccountStore(session).by_email(given.email)
        device_id = await known_device(desk, session, account, given.device)
        key = desk.codes.digest("sign-in", f"device:{device_id}" if device_id else f"account:{given.email}")
        await attempting(session, key, now)
        known = await password_hash(desk, session, account)
    if not await desk.passwords.verify(known, given.password) or account is None:
        await tell_refused(desk, caller, key, "signIn", account.user_id if account else None)
        raise InvalidCredentials
    async with unit_of_work(desk.sessions, caller) as session:
        await ThrottleStore(session).clear(key)
        entry = Entry(account, WayIn.PASSWORD, Authentication.of(now, [PASSWORD]), device_id, given.device.name)
        return await admit(desk, tenant, session, entry, attempt)


async def password_hash(desk: SignInDesk, session: TenantSession, account: Account | None) -> str | None:
    """The hash of an account's password; None if it has none. As many statements whether there is one or not."""
    ring = await desk.keys.of(session)
    if account is None or account.sealed_password_hash is None:
        return None
    return ring.open(Account.sealed_password_hash, account.user_id, account.sealed_password_hash)


async def keep_password(desk: SignInDesk, session: TenantSession, user_id: UUID, hashed: str) -> None:
    """Let a person have a password, by its hash."""
    ring = await desk.keys.of(session, sealing=True)
    await AccountStore(session).set_password(user_id, ring.seal(Account.sealed_password_hash, user_id, hashed))


async def by_password(desk: SignInDesk, caller: Caller, password: str) -> Prove:
    """Check a password, for those who have no second factor: to others it proves nothing new."""
    async with desk.sessions.read(caller) as session:
        account = await AccountStore(session).by_id(caller.require_user())
        known = await password_hash(desk, session, account)
    matches = await desk.passwords.verify(known, password)

    async def prove(session: TenantSession, user_id: UUID) -> str | None:
        if not matches or await methods_of(session, user_id):
            return None
        return PASSWORD

    return prove
