"""What the analytics subgraph does when others have told something: it keeps a statement of it."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from shared import personal_data
from shared.database import TenantSession
from shared.departures import goes_on_as
from shared.events import Handler, Handlers
from shared.permissions.feed import GRANT_HANDLERS
from subgraphs.analytics.events import PersonalDataErased, PersonalDataExported
from subgraphs.analytics.models import Model, Verb
from subgraphs.analytics.store import StatementStore


class CoursePublished(msgspec.Struct, frozen=True):
    event_id: UUID
    occurred_at: datetime
    course_id: UUID


class Enrolled(msgspec.Struct, frozen=True):
    event_id: UUID
    occurred_at: datetime
    enrollment_id: UUID
    course_id: UUID
    user_id: UUID


class ProgressRecorded(msgspec.Struct, frozen=True):
    event_id: UUID
    occurred_at: datetime
    enrollment_id: UUID
    course_id: UUID
    user_id: UUID
    item_id: UUID
    progress: float


async def _keep(session: TenantSession, event: Any, **values: Any) -> None:
    """The statement has the id of its event, so that it is kept once whatever happens to the inbox."""
    statement = {"id": event.event_id, "occurred_at": event.occurred_at, "course_id": event.course_id, **values}
    await StatementStore(session).add([statement])


async def _published(session: TenantSession, event: CoursePublished) -> None:
    await _keep(session, event, verb=Verb.PUBLISHED, object_id=event.course_id)


async def _enrolled(session: TenantSession, event: Enrolled) -> None:
    await _keep(
        session,
        event,
        verb=Verb.REGISTERED,
        actor_id=await goes_on_as(session, event.user_id),
        object_id=event.course_id,
        enrollment_id=event.enrollment_id,
    )


async def _progressed(session: TenantSession, event: ProgressRecorded) -> None:
    await _keep(
        session,
        event,
        verb=Verb.PROGRESSED,
        actor_id=await goes_on_as(session, event.user_id),
        object_id=event.item_id,
        enrollment_id=event.enrollment_id,
        progress=event.progress,
    )


_HOLDINGS: Final = personal_data.Holdings.of(Model.metadata, detached={"statements": "actor_id"})
"""A statement stays when its actor is erased: what was learned counts on, and by whom is not known any more."""

HANDLERS: Final[Handlers] = {
    **GRANT_HANDLERS,
    **personal_data.handlers(_HOLDINGS, PersonalDataExported, PersonalDataErased),
    "courses.course-published.v1": Handler(CoursePublished, _published),
    "courses.enrolled.v1": Handler(Enrolled, _enrolled),
    "courses.progress-recorded.v1": Handler(ProgressRecorded, _progressed),
}
