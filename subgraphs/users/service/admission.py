"""Letting in whom an identity provider brings that the tenant trusts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.events import record
from shared.roles import Role
from shared.tenancy.profile import QuotaExceeded
from shared.tenancy.registry import Registry
from subgraphs.users.events import PersonAdmitted, PersonRefused
from subgraphs.users.models import User, UserStatus
from subgraphs.users.service.seats import check_seats
from subgraphs.users.store.invitations import InvitationStore
from subgraphs.users.store.people import UserStore

_DEACTIVATED: Final = "ACCOUNT_DEACTIVATED"
"""What people are told by whoever lets them in."""
_LATE: Final = timedelta(hours=1)
"""Nobody waits so long at the door."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody as the provider told of them; it speaks for the address, which the auth subgraph has made sure of."""

    provider_id: UUID
    subject: str
    email: str
    display_name: str
    role: Role = Role.LEARNER
    """What they become where no invitation says it."""
    issuer: str | None = None
    """Who the provider was then."""


def is_late(arrived_at: datetime, now: datetime) -> bool:
    """Whether an arrival is told of so late that nobody is let in by it: who still wants to come has come again.

    By then they may have been erased, and nothing is left by which an address could be known as theirs.
    """
    return now - arrived_at > _LATE


async def admit(session: TenantSession, tenants: Registry, arrival: Arrival) -> None:
    """Make them one of the tenant's people, whether they were invited or are new, and have an account opened.

    Whoever is deactivated stays so, and nobody is added to a tenant that has as many people as it may: no account is
    opened then, and they are told why. Safe to repeat.
    """
    user = (await UserStore(session).by_emails([arrival.email])).get(arrival.email)
    if user is None:
        user = await _add(session, tenants, arrival)
    elif user.status == UserStatus.INVITED:
        await _take_up(session, user, arrival)
        user.display_name = arrival.display_name
    if user is None or user.status != UserStatus.ACTIVE:
        code = QuotaExceeded.code if user is None else _DEACTIVATED
        refused = PersonRefused(
            tenant_id=session.caller.tenant_id, provider_id=arrival.provider_id, subject=arrival.subject, code=code
        )
        record(session, refused)
        return
    admitted = PersonAdmitted(
        tenant_id=session.caller.tenant_id,
        user_id=user.id,
        email=user.email,
        role=user.role,
        provider_id=arrival.provider_id,
        subject=arrival.subject,
        issuer=arrival.issuer,
    )
    record(session, admitted)


async def _take_up(session: TenantSession, user: User, arrival: Arrival) -> None:
    """They are what their latest invitation says that still counts; one taken back, or expired, promises nothing."""
    invitation = await InvitationStore(session).open_of(user.id)
    user.role = arrival.role if invitation is None else invitation.role
    if invitation is not None:
        invitation.claimed_at = datetime.now(UTC)
    user.status = UserStatus.ACTIVE
    user.version += 1


async def _add(session: TenantSession, tenants: Registry, arrival: Arrival) -> User | None:
    try:
        async with session.begin_nested():
            user = await UserStore(session).add(
                email=arrival.email, display_name=arrival.display_name, role=arrival.role, status=UserStatus.ACTIVE
            )
            await check_seats(session, tenants)
    except QuotaExceeded:
        return None
    return user
