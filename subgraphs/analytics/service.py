"""What can be said about learning, and when it is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.database import TenantSession
from shared.errors import BadUserInput
from shared.idempotency import Attempt, once
from shared.ids import uuid7
from subgraphs.analytics.models import Verb
from subgraphs.analytics.store import StatementStore

READER: Final = "analytics:read"
LEARNER: Final = "learn"
MAX_STATEMENTS: Final = 500
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far ahead of ours a learner's clock may be."""
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before this nobody has learned here: a clock that says so was never set."""
_HALF: Final = 0.5
_WHOLE: Final = 1.0


class Band(StrEnum):
    NOT_STARTED = "NOT_STARTED"
    STARTED = "STARTED"
    HALFWAY = "HALFWAY"
    COMPLETED = "COMPLETED"


def band_of(progress: float) -> Band:
    """Where a progress of 0 to 1 stands."""
    if progress >= _WHOLE:
        return Band.COMPLETED
    if progress >= _HALF:
        return Band.HALFWAY
    return Band.STARTED if progress > 0 else Band.NOT_STARTED


@dataclass(frozen=True, slots=True)
class Activity:
    """Something the caller has done, as told by the caller's device."""

    verb: Verb
    object_id: UUID
    course_id: UUID | None
    occurred_at: datetime


async def record_activity(session: TenantSession, activities: Sequence[Activity], attempt: Attempt) -> int:
    """Store what the caller has done; returns how many statements that were.

    Raises:
        BadUserInput: none, too many, or one of a time that can't be; nothing was stored.
    """
    caller = session.caller
    caller.require(LEARNER)
    actor_id = caller.require_user()
    if not 0 < len(activities) <= MAX_STATEMENTS:
        raise BadUserInput(f"`statements` must be 1 to {MAX_STATEMENTS}", field="statements")
    latest = datetime.now(UTC) + CLOCK_TOLERANCE
    if not all(EARLIEST <= activity.occurred_at <= latest for activity in activities):
        raise BadUserInput("`occurredAt` must not be before 2000 or in the future", field="statements")

    async def store() -> UUID:
        batch_id = uuid7()
        rows = [{"id": uuid7(), "actor_id": actor_id, **_columns(activity)} for activity in activities]
        await StatementStore(session).add(rows)
        return batch_id

    await once(session, attempt, store)
    return len(activities)


def _columns(activity: Activity) -> dict[str, object]:
    return {
        "verb": activity.verb,
        "object_id": activity.object_id,
        "course_id": activity.course_id,
        "occurred_at": activity.occurred_at,
    }
