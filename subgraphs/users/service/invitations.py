"""Inviting people."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.caller import Caller
from shared.database import TenantSession
from shared.errors import BadUserInput, NotFound
from shared.events import record
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tenancy.registry import Registry
from subgraphs.users.errors import EmailTaken, InvitationClaimed, InvitationRevoked, InvitationSentEnough
from subgraphs.users.events import InvitationSent, UserInvited
from subgraphs.users.models import Invitation, User, UserStatus
from subgraphs.users.service.seats import check_seats
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.store.people import UserStore

INVITER: Final = "users:invite"
GRANTER: Final = "roles:manage"
INVITATION_LIFETIME: Final = timedelta(days=14)
MAX_INVITED_AT_ONCE: Final = 100
MOST_SENT: Final = 5
"""Mails of one invitation: whoever invites cannot have people flooded."""
RESEND_AFTER: Final = timedelta(minutes=5)


def may_give(caller: Caller, role: Role) -> bool:
    """Tell whether the caller may make somebody this: a learner, no more than they are, or whatever roles they give."""
    if role is Role.LEARNER or caller.may(GRANTER):
        return True
    return all(caller.may(permission) for permission in BUILT_IN[role])


async def invite(
    session: TenantSession, emails: Sequence[str], role: Role, attempt: Attempt, tenants: Registry
) -> Sequence[tuple[Invitation, User]]:
    """Invite people by e-mail; those already invited get a new invitation.

    Returns:
        In the order of `emails`.

    Raises:
        Forbidden: the caller does not invite people, or may do less than they could.
        EmailTaken: one of them is already here; nobody was invited.
        QuotaExceeded: the tenant would have more people than it may; nobody was invited.
    """
    session.caller.require(INVITER)
    if not may_give(session.caller, role):
        session.caller.require(GRANTER)
    if not 0 < len(emails) <= MAX_INVITED_AT_ONCE or len(set(emails)) != len(emails):
        raise BadUserInput(f"`emails` must be 1 to {MAX_INVITED_AT_ONCE} different addresses", field="emails")
    batch_id = await once(session, attempt, lambda: _invite(session, emails, role, tenants))
    return await InvitationStore(session).batch(batch_id)


async def _invite(session: TenantSession, emails: Sequence[str], role: Role, tenants: Registry) -> UUID:
    batch_id = uuid7()
    known = await UserStore(session).by_emails(emails)
    for position, email in enumerate(emails):
        user = known.get(email) or await _add_invited(session, email, role)
        if user is None or user.status != UserStatus.INVITED:
            raise EmailTaken(path=("input", "emails", str(position)))
        await send_invitation(session, user, role, batch_id, datetime.now(UTC) + INVITATION_LIFETIME)
    await check_seats(session, tenants)
    return batch_id


async def _add_invited(session: TenantSession, email: str, role: Role) -> User | None:
    return await UserStore(session).add(
        email=email, display_name=email.partition("@")[0], role=role, status=UserStatus.INVITED
    )


async def send_invitation(
    session: TenantSession, user: User, role: Role, batch_id: UUID, expires_at: datetime, *, mailed: bool = True
) -> None:
    """Invite somebody who is here already; an invitation that is not mailed says what they will be when they come."""
    invitation = Invitation(
        batch_id=batch_id, user_id=user.id, role=role, expires_at=expires_at, times_sent=1 if mailed else 0
    )
    await InvitationStore(session).add(invitation)
    record(session, UserInvited(tenant_id=session.caller.tenant_id, user_id=user.id, email=user.email, role=role))
    if mailed:
        _mail(session, invitation)


def _mail(session: TenantSession, invitation: Invitation) -> None:
    sent = InvitationSent(
        tenant_id=session.caller.tenant_id,
        invitation_id=invitation.id,
        user_id=invitation.user_id,
        actor_id=session.caller.user_id,
    )
    record(session, sent)


async def readdress(session: TenantSession, user: User) -> None:
    """Invite somebody anew whose address has changed: whoever has the mails before is not whom it is for any more.

    The new invitation is as the latest one that was open, and mailed if that one was.
    """
    now, before = datetime.now(UTC), await InvitationStore(session).all_open_of(user.id)
    for one in before:
        one.revoked_at = now
    if before:
        latest = before[0]
        mailed = latest.times_sent > 0
        await send_invitation(session, user, Role(latest.role), uuid7(), latest.expires_at, mailed=mailed)


async def resend(
    session: TenantSession, attempt: Attempt, invitation_id: UUID, *, now: datetime
) -> tuple[Invitation, User]:
    """Mail an invitation again; it works for as long as a new one, from now on.

    Raises:
        NotFound: there is no such invitation.
        InvitationClaimed, InvitationRevoked: it is good for nothing any more.
        InvitationSentEnough: it was sent a moment ago, or as often as may be.
    """
    session.caller.require(INVITER)

    async def perform() -> UUID:
        invitation, user = await _locked(session, invitation_id)
        if invitation.claimed_at is not None or user.status != UserStatus.INVITED:
            raise InvitationClaimed(path=("input", "id"))
        if invitation.revoked_at is not None:
            raise InvitationRevoked(path=("input", "id"))
        too_soon = invitation.times_sent > 0 and now < invitation.sent_at + RESEND_AFTER
        if invitation.times_sent >= MOST_SENT or too_soon:
            raise InvitationSentEnough(path=("input", "id"))
        invitation.times_sent += 1
        invitation.sent_at, invitation.expires_at = now, now + INVITATION_LIFETIME
        _mail(session, invitation)
        return invitation_id

    return await _locked(session, await once(session, attempt, perform))


async def revoke(session: TenantSession, attempt: Attempt, invitation_id: UUID) -> tuple[Invitation, User]:
    """Take an invitation back: its code is good for nothing any more. Revoking twice is the same as once.

    Raises:
        NotFound: there is no such invitation.
        InvitationClaimed: the person has signed up with it.
    """
    session.caller.require(INVITER)

    async def perform() -> UUID:
        invitation, _ = await _locked(session, invitation_id)
        if invitation.claimed_at is not None:
            raise InvitationClaimed(path=("input", "id"))
        invitation.revoked_at = invitation.revoked_at or datetime.now(UTC)
        return invitation_id

    return await _locked(session, await once(session, attempt, perform))


async def _locked(session: TenantSession, invitation_id: UUID) -> tuple[Invitation, User]:
    found = await InvitationStore(session).locked(invitation_id)
    if found is None:
        raise NotFound("There is no such invitation")
    return found
