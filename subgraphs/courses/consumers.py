"""What the courses subgraph does when others have told something."""

from typing import Final

from shared import personal_data
from shared.database import TenantSession
from shared.events import Handlers
from shared.permissions.feed import GRANT_HANDLERS
from subgraphs.courses.events import PersonalDataErased, PersonalDataExported
from subgraphs.courses.models import Model
from subgraphs.courses.store import EnrollmentStore


async def _join(session: TenantSession, event: personal_data.UsersMerged) -> None:
    """Where both are in a course, what the one has learned counts for the other."""
    await EnrollmentStore(session).join_progress(event.user_id, event.into_id)


HANDLERS: Final[Handlers] = {
    **GRANT_HANDLERS,
    **personal_data.handlers(
        personal_data.Holdings.of(Model.metadata), PersonalDataExported, PersonalDataErased, before_merge=_join
    ),
}
