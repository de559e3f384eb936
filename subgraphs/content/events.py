"""What the content subgraph tells the others, and itself."""

from typing import ClassVar
from uuid import UUID

from shared import personal_data
from shared.events import Event


class LessonRevised(Event, frozen=True, kw_only=True):
    """A lesson is new or has changed."""

    topic: ClassVar[str] = "content.lesson-revised.v1"

    lesson_id: UUID
    title: str
    revision: int


class QuotaExceeded(Event, frozen=True, kw_only=True):
    """Somebody of the tenant was refused, because it has used up what it may have of something."""

    topic: ClassVar[str] = "content.quota-exceeded.v1"

    measure: str
    """A value of `shared.tenancy.profile.Measure`."""
    limit: int
    used: int


class PersonalDataExported(personal_data.PersonalDataExported, frozen=True, kw_only=True):
    topic: ClassVar[str] = "content.personal-data-exported.v1"


class PersonalDataErased(personal_data.PersonalDataErased, frozen=True, kw_only=True):
    topic: ClassVar[str] = "content.personal-data-erased.v1"
