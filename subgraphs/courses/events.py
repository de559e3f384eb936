"""What the courses subgraph tells the others."""

from typing import ClassVar
from uuid import UUID

from shared import personal_data
from shared.events import Event


class CoursePublished(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "courses.course-published.v1"

    course_id: UUID
    title: str
    slug: str
    item_ids: list[UUID]
    """What is learned in it, in order."""


class ModuleChanged(Event, frozen=True, kw_only=True):
    """Told when a module of a published course was added or changed; drafts change in silence."""

    topic: ClassVar[str] = "courses.module-changed.v1"

    course_id: UUID
    module_id: UUID
    item_ids: list[UUID]
    """What stands in the module now, in order."""
    course_item_ids: list[UUID]
    """What stands in the whole course now, in order: an item that is not among these has left it."""


class Enrolled(Event, frozen=True, kw_only=True):
    topic: ClassVar[str] = "courses.enrolled.v1"

    enrollment_id: UUID
    course_id: UUID
    course_title: str
    user_id: UUID


class ProgressRecorded(Event, frozen=True, kw_only=True):
    """Told when progress has grown; `percent` is the item's, `progress` (0 to 1) the whole course's."""

    topic: ClassVar[str] = "courses.progress-recorded.v1"

    enrollment_id: UUID
    course_id: UUID
    user_id: UUID
    item_id: UUID
    percent: int
    progress: float


class PersonalDataExported(personal_data.PersonalDataExported, frozen=True, kw_only=True):
    topic: ClassVar[str] = "courses.personal-data-exported.v1"


class PersonalDataErased(personal_data.PersonalDataErased, frozen=True, kw_only=True):
    topic: ClassVar[str] = "courses.personal-data-erased.v1"
