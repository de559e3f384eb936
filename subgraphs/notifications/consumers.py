"""What the notifications subgraph does when others have told something."""

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


async def _join(session: TenantSession, event: personal_data.UsersMerged) -> None:
    """What the one was told stands behind what the other was."""
    await NotificationStore(session, event.into_id).take_over(event.user_id)


def _learner(event: Enrolled) -> list[str]:
    return [channel_of(event.tenant_id, event.user_id)]


HANDLERS: Final[Handlers] = {
    "courses.enrolled.v1": Handler(Enrolled, _welcome, wakes=_learner),
    "auth.impersonation-started.v1": Handler(Impersonated, _warn, wakes=_impersonated),
    **personal_data.handlers(
        personal_data.Holdings.of(Model.metadata), PersonalDataExported, PersonalDataErased, before_merge=_join
    ),
}
