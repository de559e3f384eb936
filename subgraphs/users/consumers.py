"""What the users subgraph does when others have told something."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from shared.data_keys import DataKeys
from shared.database import TenantSession
from shared.events import Handler, Handlers
from shared.permissions.feed import GRANT_HANDLERS
from shared.roles import Role
from shared.tenancy.registry import Registry
from subgraphs.users.models import UserStatus
from subgraphs.users.service import addresses, admission, data_requests, rosters
from subgraphs.users.service.mailing import InvitationPost, send_invitation
from subgraphs.users.service.seats import tell_quota_reached
from subgraphs.users.store.people import UserStore


class TenantCreated(msgspec.Struct, frozen=True):
    owner_id: UUID
    owner_email: str
    owner_name: str


class AccountOpened(msgspec.Struct, frozen=True):
    user_id: UUID


class PersonArrived(msgspec.Struct, frozen=True):
    provider_id: UUID
    subject: str
    email: str
    display_name: str
    occurred_at: datetime
    role: Role = Role.LEARNER
    issuer: str | None = None


class AddressChosen(msgspec.Struct, frozen=True):
    user_id: UUID
    email: str


class QuotaExceeded(msgspec.Struct, frozen=True):
    measure: str
    limit: int
    used: int


class InvitationSent(msgspec.Struct, frozen=True):
    invitation_id: UUID


class RosterSubmitted(msgspec.Struct, frozen=True):
    tenant_id: UUID
    job_id: UUID
    row: int


class RosterCancelled(msgspec.Struct, frozen=True):
    tenant_id: UUID
    job_id: UUID


class Exported(msgspec.Struct, frozen=True):
    tenant_id: UUID
    request_id: UUID
    part: int
    parts: int
    rows: list[dict[str, Any]] = []
    sealed_rows: list[str] = []


class Erased(msgspec.Struct, frozen=True):
    tenant_id: UUID
    request_id: UUID
    rows: int


async def _add_owner(session: TenantSession, event: TenantCreated) -> None:
    """Whoever made the tenant is its first person; the account is already there."""
    await UserStore(session).add(
        id=event.owner_id,
        email=event.owner_email,
        display_name=event.owner_name,
        role=Role.OWNER,
        status=UserStatus.ACTIVE,
        can_sign_in=True,
    )


async def _note_account(session: TenantSession, event: AccountOpened) -> None:
    await UserStore(session).note_account(event.user_id)


async def _change_address(session: TenantSession, event: AddressChosen) -> None:
    await addresses.change(session, event.user_id, event.email)


async def _tell_owners(session: TenantSession, event: QuotaExceeded) -> None:
    """Who the owners are is known here alone."""
    await tell_quota_reached(session, event.measure, event.limit, event.used)


_NoteExport: TypeAlias = Callable[[TenantSession, Exported], Awaitable[None]]
_NoteErasure: TypeAlias = Callable[[TenantSession, Erased], Awaitable[None]]


def _noting_export(subgraph: str) -> _NoteExport:
    async def note(session: TenantSession, event: Exported) -> None:
        await data_requests.note_export(
            session,
            event.request_id,
            subgraph,
            [*event.rows, *data_requests.as_kept(event.sealed_rows)],
            part=event.part,
            parts=event.parts,
        )

    return note


def _noting_erasure(subgraph: str) -> _NoteErasure:
    async def note(session: TenantSession, event: Erased) -> None:
        await data_requests.note_erasure(session, event.request_id, subgraph, event.rows)

    return note


def _request(event: Exported | Erased) -> list[str]:
    return [data_requests.channel_of(event.tenant_id, event.request_id)]


def _answers() -> Iterator[tuple[str, Handler[Any]]]:
    """What each of the other subgraphs says to a data request."""
    for subgraph in data_requests.OTHERS:
        yield f"{subgraph}.personal-data-exported.v1", Handler(Exported, _noting_export(subgraph), wakes=_request)
        yield f"{subgraph}.personal-data-erased.v1", Handler(Erased, _noting_erasure(subgraph), wakes=_request)


HANDLERS: Final[Handlers] = {
    **GRANT_HANDLERS,
    "auth.tenant-created.v1": Handler(TenantCreated, _add_owner),
    "auth.account-opened.v1": Handler(AccountOpened, _note_account),
    "auth.address-chosen.v1": Handler(AddressChosen, _change_address),
    "content.quota-exceeded.v1": Handler(QuotaExceeded, _tell_owners),
    **dict(_answers()),
}


def admitting(tenants: Registry) -> Handlers:
    """Let in whom identity providers bring, as many as the tenant may have."""

    async def admit(session: TenantSession, event: PersonArrived) -> None:
        if admission.is_late(event.occurred_at, datetime.now(UTC)):
            return
        arrival = admission.Arrival(
            event.provider_id, event.subject, event.email, event.display_name, event.role, event.issuer
        )
        await admission.admit(session, tenants, arrival)

    return {"auth.person-arrived.v1": Handler(PersonArrived, admit)}


def mailing(post: InvitationPost) -> Handlers:
    """Mail invitations; the subgraph hears of its own, so that they outlast the process they were made in."""

    async def send(session: TenantSession, event: InvitationSent) -> None:
        await send_invitation(session, post, event.invitation_id)

    return {"users.invitation-sent.v1": Handler(InvitationSent, send)}


def importing(keys: DataKeys, tenants: Registry) -> Handlers:
    """Import rosters, some rows an event."""

    async def go_on(session: TenantSession, event: RosterSubmitted) -> None:
        await rosters.go_on(session, keys, tenants, event.job_id, event.row)

    async def end(_: TenantSession, __: RosterCancelled) -> None:
        """It has ended already; whoever follows it is woken."""

    def job(event: RosterSubmitted | RosterCancelled) -> list[str]:
        return [rosters.channel_of(event.tenant_id, event.job_id)]

    return {
        "users.roster-submitted.v1": Handler(RosterSubmitted, go_on, wakes=job),
        "users.roster-cancelled.v1": Handler(RosterCancelled, end, wakes=job),
    }


def serving(post: InvitationPost, keys: DataKeys) -> Handlers:
    """Everything the subgraph hears, with what it needs for it."""
    return {**HANDLERS, **admitting(post.tenants), **mailing(post), **importing(keys, post.tenants)}
