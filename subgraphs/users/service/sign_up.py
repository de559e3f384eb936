"""Signing up: a person chooses a password, with an invitation or without."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from shared.caller import Caller, service_caller
from shared.crypto import IdSigner, Sealer
from shared.database import Sessions, TenantSession, unit_of_work
from shared.errors import TenantNotFound
from shared.events import Hub, Subscription, acknowledgement_of, record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.passwords import Passwords
from shared.roles import Role
from shared.tenancy.policies import SignInPolicy, SignUpClosed
from shared.tenancy.registry import Registry, TenantStatus
from subgraphs.users.errors import EmailTaken, InvitationInvalid
from subgraphs.users.events import UserSignedUp
from subgraphs.users.models import User, UserStatus
from subgraphs.users.service.seats import check_seats
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.store.kept_addresses import KeptAddressStore
from subgraphs.users.store.people import UserStore

ACCOUNT_WAIT_SECONDS: Final = 3.0
_ACCOUNTS: Final = "auth"


@dataclass(frozen=True, slots=True)
class SignUpDesk:
    """What signing up needs: nobody is signed in yet, so there is no tenant session to start from."""

    sessions: Sessions
    tenants: Registry
    passwords: Passwords
    sealer: Sealer
    invitations: IdSigner
    hub: Hub


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who signs up."""

    email: str
    display_name: str
    password: str = field(repr=False)
    invitation: str | None = None


@dataclass(frozen=True, slots=True)
class SignedUp:
    user: User
    ready: bool
    """The account is open: signing in works from now on."""


async def sign_up(desk: SignUpDesk, tenant_slug: str, newcomer: Newcomer, attempt: Attempt) -> SignedUp:
    """Add a person who chose a password, and wait a moment for the account to be opened.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        SignUpClosed: it is for those alone who are invited.
        BadUserInput: the password is shorter than the tenant wants.
        EmailTaken: somebody is already here with this address, or was until a few days ago.
        QuotaExceeded: the tenant has as many people as it may.
        InvitationInvalid: the code is not a valid one for this address.
        IdempotencyKeyReused: the attempt was sent before with another input, or another password.
    """
    caller, policy = await _open_tenant(desk, tenant_slug)
    if newcomer.invitation is None and not policy.open_sign_up:
        raise SignUpClosed
    policy.check_password_length(newcomer.password)
    password_hash, attempt = await _hash_password(desk, newcomer, caller, attempt)
    event_id = uuid7()
    async with desk.hub.subscribe(acknowledgement_of(event_id, _ACCOUNTS)) as acknowledged:
        async with unit_of_work(desk.sessions, caller) as session:
            enrolling = _Enrolling(desk, session, newcomer, password_hash, event_id)
            user_id = await once(session, attempt, enrolling.run)
            user = await UserStore(session).get(user_id)
            if user is None:
                raise RuntimeError(f"the user {user_id} of an idempotency key is gone")
        return SignedUp(user, ready=user.can_sign_in or (enrolling.recorded and await _arrives(acknowledged)))


async def accept_invitation(
    desk: SignUpDesk, tenant_slug: str, code: str, password: str, attempt: Attempt, *, display_name: str | None = None
) -> SignedUp:
    """Sign up with an invitation alone: whoever has its code is whom it was mailed to.

    Raises:
        TenantNotFound: there is no tenant of that name, or it is not open.
        InvitationInvalid: the code is of no invitation that can be used.
        WeakPassword, BreachedPassword, BadUserInput: the password should not be chosen.
        IdempotencyKeyReused: the attempt was sent before with another input, or another password.
    """
    caller, _ = await _open_tenant(desk, tenant_slug)
    invitation_id = desk.invitations.read(code)
    async with desk.sessions.read(caller) as session:
        user = await InvitationStore(session).invited(invitation_id) if invitation_id else None
    if user is None:
        raise InvitationInvalid(path=("input", "code"))
    newcomer = Newcomer(user.email, display_name or user.display_name, password, invitation=code)
    await desk.passwords.check(password, about=(newcomer.email, newcomer.display_name))
    return await sign_up(desk, tenant_slug, newcomer, attempt)


async def _open_tenant(desk: SignUpDesk, tenant_slug: str) -> tuple[Caller, SignInPolicy]:
    tenant = await desk.tenants.by_slug(tenant_slug)
    if tenant is None or tenant.status is not TenantStatus.ACTIVE:
        raise TenantNotFound
    return service_caller(tenant.id, "users"), tenant.policies.sign_in


async def _hash_password(desk: SignUpDesk, newcomer: Newcomer, caller: Caller, attempt: Attempt) -> tuple[str, Attempt]:
    """The password's hash, and the attempt with the hash in its input, so that a repetition has to know the password.

    For that the salt must be the same each time: it is made of who signs up, with a key no database holds.
    """
    if attempt.key is None:
        return await desk.passwords.hash(newcomer.password), attempt
    salt = desk.sealer.salt(context=f"{caller.tenant_id} {newcomer.email} {attempt.key}")
    password_hash = await desk.passwords.hash(newcomer.password, salt=salt)
    return password_hash, replace(attempt, input={**attempt.input, "password": password_hash})


async def _arrives(acknowledged: Subscription) -> bool:
    try:
        async with asyncio.timeout(ACCOUNT_WAIT_SECONDS):
            await acknowledged.wait()
    except TimeoutError:
        return False
    return True


@dataclass(slots=True)
class _Enrolling:
    """One sign-up in its transaction."""

    desk: SignUpDesk
    session: TenantSession
    newcomer: Newcomer
    password_hash: str = field(repr=False)
    event_id: UUID
    recorded: bool = False

    async def run(self) -> UUID:
        invitation = self.newcomer.invitation
        user = await self._add_learner() if invitation is None else await self._claim(invitation)
        self._record(user)
        self.recorded = True
        return user.id

    async def _add_learner(self) -> User:
        newcomer = self.newcomer
        user = await UserStore(self.session).add(
            email=newcomer.email, display_name=newcomer.display_name, role=Role.LEARNER, status=UserStatus.ACTIVE
        )
        # Asked last: who gives the address up at this moment has let the insert wait until it is kept.
        if user is None or await KeptAddressStore(self.session).is_kept(newcomer.email, datetime.now(UTC)):
            raise EmailTaken(path=("input", "email"))
        await check_seats(self.session, self.desk.tenants)
        return user

    async def _claim(self, code: str) -> User:
        invitation_id = self.desk.invitations.read(code)
        found = await InvitationStore(self.session).claimable(invitation_id) if invitation_id else None
        if found is None or found[1].email != self.newcomer.email or found[1].status != UserStatus.INVITED:
            raise InvitationInvalid(path=("input", "invitation"))
        invitation, user = found
        invitation.claimed_at = datetime.now(UTC)
        user.display_name, user.role, user.status = self.newcomer.display_name, invitation.role, UserStatus.ACTIVE
        user.version += 1
        return user

    def _record(self, user: User) -> None:
        event = UserSignedUp(
            event_id=self.event_id,
            tenant_id=self.session.caller.tenant_id,
            user_id=user.id,
            email=user.email,
            display_name=user.display_name,
            role=user.role,
            sealed_password_hash=self.desk.sealer.seal(self.password_hash, context=str(user.id)),
        )
        record(self.session, event)
