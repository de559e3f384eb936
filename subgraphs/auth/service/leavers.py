"""People who are erased, or go on as another: nobody signs in as them, and nothing of them is kept but the audit."""

from datetime import UTC, datetime
from typing import Final

from shared import personal_data
from shared.database import TenantSession
from shared.events import Handler, Handlers
from subgraphs.auth.events import PersonalDataErased, PersonalDataExported
from subgraphs.auth.models import Model
from subgraphs.auth.service.deactivation import close_account

_ANSWERS: Final = personal_data.handlers(
    personal_data.Holdings.of(Model.metadata), PersonalDataExported, PersonalDataErased
)


async def _erase(session: TenantSession, event: personal_data.DataRequested) -> None:
    """All that is open ends before it is forgotten: routers hear of sessions, of what apps have, and of API tokens."""
    await close_account(session, event.user_id, datetime.now(UTC))
    await session.flush()
    await _ANSWERS[personal_data.USER_ERASED].handle(session, event)


ANSWERS: Final[Handlers] = {
    **_ANSWERS,
    personal_data.USER_ERASED: Handler(personal_data.DataRequested, _erase),
    personal_data.USERS_MERGED: Handler(personal_data.DataRequested, _erase),
}
"""What is done about data requests. Whoever goes on as another signs in as that one, and may do what that one may."""
