"""What can be done with tenants, accounts and sessions, and when it is refused."""

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from shared.caller import Caller, TenantId, UserId, service_caller
from shared.crypto import Sealer
from shared.database import Sessions, TenantSession, unit_of_work
from shared.errors import InvalidCredentials, TenantNotFound, Unauthenticated
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.passwords import Passwords
from shared.permissions.catalogue import BUILT_IN as SCOPES
from shared.roles import Role
from shared.tenancy.registry import Plan, Registry, SignUp, TenantRecord, TenantStatus
from shared.tokens import IssuedToken, TokenIssuer
from subgraphs.auth.events import AccountOpened, SessionEnded, TenantCreated
from subgraphs.auth.models import Account
from subgraphs.auth.store.accounts import AccountStore, SignInSessionStore

FIRST_PLAN: Final = Plan.FREE
PROVISIONING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """What signing in and up needs: there is no token yet, so there is no tenant session to start from."""

    sessions: Sessions
    tenants: Registry
    passwords: Passwords
    sealer: Sealer
    issuer: TokenIssuer


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A tenant somebody signs up, and its owner."""

    name: str
    slug: str
    owner_name: str
    owner_email: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    tenant: TenantRecord
    user_id: UserId
    role: Role
    token: IssuedToken = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedUp:
    tenant: TenantRecord
    owner: SignedIn | None
    """None while the tenant is still being provisioned: sign in later."""


async def sign_up_tenant(desk: SignInDesk, new: NewTenant, attempt: Attempt) -> SignedUp:
    """Register a tenant, wait until it is provisioned, and sign its owner in.

    Raises:
        SlugTaken: another tenant has the slug.
        IdempotencyKeyReused: the attempt's key was sent before, with another input.
        InvalidCredentials: the attempt was sent before, with another password.
    """
    owner_id = uuid7()
    sealed = desk.sealer.seal(await desk.passwords.hash(new.password), context=str(owner_id))
    sign_up = SignUp(
        TenantId(uuid7()), new.slug, new.name, owner_id, new.owner_email, new.owner_name, sealed_password_hash=sealed
    )
    await desk.tenants.register(sign_up, plan=FIRST_PLAN, attempt=attempt)
    tenant = await desk.tenants.wait_until_active(new.slug, seconds=PROVISIONING_SECONDS)
    if tenant is None:
        raise TenantNotFound
    if tenant.status is TenantStatus.PROVISIONING:
        return SignedUp(tenant, owner=None)
    return SignedUp(tenant, await sign_in(desk, new.slug, new.owner_email, new.password, attempt))


async def sign_in(desk: SignInDesk, tenant_slug: str, email: str, password: str, attempt: Attempt) -> SignedIn:
    """Open a session for whoever knows the password.

    An address nobody has takes as long as a wrong password and is answered alike.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        InvalidCredentials: the address or the password is wrong.
    """
    tenant = await desk.tenants.by_slug(tenant_slug)
    if tenant is None or tenant.status is not TenantStatus.ACTIVE:
        raise TenantNotFound
    caller = service_caller(tenant.id, "sign-in")
    async with desk.sessions.read(caller) as session:
        account = await AccountStore(session).by_email(email)
    if not await desk.passwords.verify(_password_hash(desk, account), password) or account is None:
        raise InvalidCredentials
    user_id = account.user_id
    async with unit_of_work(desk.sessions, caller) as session:
        session_id = await once(session, attempt, lambda: SignInSessionStore(session).add(user_id))
    return issue(desk, tenant, account, session_id)


def _password_hash(desk: SignInDesk, account: Account | None) -> str | None:
    if account is None or account.sealed_password_hash is None:
        return None
    return desk.sealer.open(account.sealed_password_hash, context=str(account.user_id))


def issue(desk: SignInDesk, tenant: TenantRecord, account: Account, session_id: UUID) -> SignedIn:
    """What somebody gets for a session of theirs."""
    role, user_id = Role(account.role), UserId(account.user_id)
    token = desk.issuer.issue(tenant.id, user_id, session_id, role=role, scopes=SCOPES[role])
    return SignedIn(tenant, user_id, role, token)


async def sign_out(desk: SignInDesk, caller: Caller, attempt: Attempt) -> UUID:
    """End the session that the caller's token belongs to; returns its id. Safe to repeat.

    Raises:
        Unauthenticated: the caller is not a person with a session.
    """
    user_id, session_id = caller.require_user(), caller.session_id
    if session_id is None:
        raise Unauthenticated
    async with unit_of_work(desk.sessions, caller) as session:

        async def end() -> UUID:
            if await SignInSessionStore(session).end(session_id, user_id):
                record(session, SessionEnded(tenant_id=caller.tenant_id, user_id=user_id, session_id=session_id))
            return session_id

        return await once(session, attempt, end)


async def install_owner(session: TenantSession, sign_up: SignUp) -> None:
    """Open the owner's account in a tenant just provisioned, and tell the others that it is there. Safe to repeat."""
    opened = await AccountStore(session).add(
        user_id=sign_up.owner_id,
        email=sign_up.owner_email,
        sealed_password_hash=sign_up.sealed_password_hash,
        role=Role.OWNER,
    )
    if opened is not None:
        created = TenantCreated(
            tenant_id=sign_up.tenant_id,
            slug=sign_up.slug,
            name=sign_up.name,
            owner_id=sign_up.owner_id,
            owner_email=sign_up.owner_email,
            owner_name=sign_up.owner_name,
        )
        record(session, created)


async def open_account(
    session: TenantSession, *, user_id: UUID, email: str, sealed_password_hash: str | None, role: Role
) -> None:
    """Open the account of a person who signed up, or of one without a password. Safe to repeat."""
    opened = await AccountStore(session).add(
        user_id=user_id, email=email, sealed_password_hash=sealed_password_hash, role=role
    )
    if opened is not None:
        record(session, AccountOpened(tenant_id=session.caller.tenant_id, user_id=user_id))
