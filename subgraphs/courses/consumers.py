"""What the courses subgraph does when others have told something."""

from typing import Final

from shared.events import Handlers
from shared.permissions.feed import GRANT_HANDLERS

HANDLERS: Final[Handlers] = GRANT_HANDLERS
