"""What can be done with tenants, accounts and sessions, and when it is refused."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import TenantId, UserId
from shared.crypto import Sealer
from shared.data_keys import DataKeys
from shared.database import Sessions, TenantSession
from shared.departures import is_here
from shared.errors import TenantNotFound
from shared.events import record
from shared.idempotency import Attempt
from shared.ids import uuid7
from shared.passwords import Passwords
from shared.roles import Role
from shared.tenancy.registry import Plan, Registry, SignUp, TenantRecord
from shared.tokens import IssuedToken, TokenIssuer
from subgraphs.auth.events import AccountOpened, TenantCreated
from subgraphs.auth.service.audit import Actor, Subject, note
from subgraphs.auth.service.codes import SignInCodes
from subgraphs.auth.store.accounts import AccountStore

FIRST_PLAN: Final = Plan.FREE
PROVISIONING_SECONDS: Final = 10.0


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SignInDesk:
    """What signing in and up needs: there is no token yet, so there is no tenant session to start from."""

    sessions: Sessions
    tenants: Registry
    passwords: Passwords
    sealer: Sealer
    """Of password hashes on their way."""
    keys: DataKeys
    issuer: TokenIssuer
    codes: SignInCodes
    clock: Callable[[], datetime] = utc_now


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
    scopes: frozenset[str]
    token: IssuedToken = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    device_code: str | None = field(default=None, repr=False)
    """For the client to keep, and to come with the next time."""


async def sign_up_tenant(desk: SignInDesk, new: NewTenant, attempt: Attempt) -> TenantRecord:
    """Register a tenant and wait until it is provisioned, or has taken too long; its owner can sign in then.

    Raises:
        SlugTaken: another tenant has the slug.
        IdempotencyKeyReused: the attempt's key was sent before, with another input.
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
    return tenant


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
        note(session, "signUpTenant", Subject("Tenant", sign_up.tenant_id), actor=Actor.person(sign_up.owner_id))


async def open_account(
    session: TenantSession, *, user_id: UUID, email: str, sealed_password_hash: str | None, role: Role
) -> bool:
    """Open the account of a person who signed up, or of one without a password. Safe to repeat.

    Returns:
        Whether they have one: nobody gets one who was erased or merged meanwhile.
    """
    if not await is_here(session, user_id):
        return False
    opened = await AccountStore(session).add(
        user_id=user_id, email=email, sealed_password_hash=sealed_password_hash, role=role
    )
    if opened is not None:
        record(session, AccountOpened(tenant_id=session.caller.tenant_id, user_id=user_id))
    return True
