"""What the notifications subgraph does when others have told something."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import msgspec

from shared import personal_data
from shared.database import TenantSession
from shared.departures import goes_on_as, is_here
from shared.events import Handler, Handlers
from subgraphs.notifications.events import PersonalDataErased, PersonalDataExported
from subgraphs.notifications.models import Model, NotificationKind
from subgraphs.notifications.service import channel_of
from subgraphs.notifications.store import NotificationStore


class Enrolled(msgspec.Struct, frozen=True):
    event_id: UUID
    tenant_id: UUID
    user_id: UUID
    course_id: UUID
    course_title: str


async def _welcome(session: TenantSession, event: Enrolled) -> None:
    learner_id = await goes_on_as(session, event.user_id)
    if learner_id is None:
        return
    await NotificationStore(session, learner_id).add(
        event_id=event.event_id,
        kind=NotificationKind.ENROLLED,
        title=f"Welcome to {event.course_title}",
        body=f"You are enrolled in {event.course_title}.",
        course_id=event.course_id,
    )


class Impersonated(msgspec.Struct, frozen=True):
    event_id: UUID
    tenant_id: UUID
    user_id: UUID
    reason: str
    expires_at: datetime


async def _warn(session: TenantSession, event: Impersonated) -> None:
    if not await is_here(session, event.user_id):
        return
    await NotificationStore(session, event.user_id).add(
        event_id=event.event_id,
        kind=NotificationKind.IMPERSONATED,
        title="Somebody acts in your name",
        body=f"Until {event.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, for this reason: {event.reason}",
    )


def _impersonated(event: Impersonated) -> list[str]:
    return [channel_of(event.tenant_id, event.user_id)]


class QuotaReached(msgspec.Struct, frozen=True):
    event_id: UUID
    tenant_id: UUID
    measure: str
    limit: int
    used: int
    owner_ids: tuple[UUID, ...]


_USED_UP: Final[Mapping[str, tuple[str, str]]] = {
    "users": ("There is no place left for more people", "people have an account or an invitation"),
    "storage_bytes": ("There is no room left for lessons", "bytes are taken up by lessons"),
}
"""By what is counted: in a few words, and how the number goes on."""


async def _tell_owners(session: TenantSession, event: QuotaReached) -> None:
    """Whoever has not read it yet is not told again: people who come and go would fill a mailbox."""
    if event.measure not in _USED_UP:
        return
    title, counted = _USED_UP[event.measure]
    for owner_id in event.owner_ids:
        store = NotificationStore(session, owner_id)
        if not await is_here(session, owner_id) or await store.has_unread(NotificationKind.QUOTA_REACHED, title):
            continue
        await store.add(
            event_id=event.event_id,
            kind=NotificationKind.QUOTA_REACHED,
            title=title,
            body=f"{event.used:,} {counted}, of {event.limit:,} at most.",
        )


def _owners(event: QuotaReached) -> list[str]:
    return [channel_of(event.tenant_id, owner_id) for owner_id in event.owner_ids]


async def _join(session: TenantSession, event: personal_data.UsersMerged) -> None:
    """What the one was told stands behind what the other was."""
    await NotificationStore(session, event.into_id).take_over(event.user_id)


def _learner(event: Enrolled) -> list[str]:
    return [channel_of(event.tenant_id, event.user_id)]


HANDLERS: Final[Handlers] = {
    "courses.enrolled.v1": Handler(Enrolled, _welcome, wakes=_learner),
    "auth.impersonation-started.v1": Handler(Impersonated, _warn, wakes=_impersonated),
    "users.quota-reached.v1": Handler(QuotaReached, _tell_owners, wakes=_owners),
    **personal_data.handlers(
        personal_data.Holdings.of(Model.metadata), PersonalDataExported, PersonalDataErased, before_merge=_join
    ),
}
