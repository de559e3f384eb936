"""What the courses subgraph does when others have told something."""

from typing import Final

from shared import personal_data
from shared.events import Handlers
from shared.permissions.feed import GRANT_HANDLERS
from subgraphs.courses.events import PersonalDataErased, PersonalDataExported
from subgraphs.courses.models import Model

HANDLERS: Final[Handlers] = {
    **GRANT_HANDLERS,
    **personal_data.handlers(personal_data.Holdings.of(Model.metadata), PersonalDataExported, PersonalDataErased),
}
