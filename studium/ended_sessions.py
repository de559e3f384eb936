"""Sessions whose owners have signed out: their tokens are refused, and what runs on their behalf ends at once.

Each router follows the auth subgraph's stream of events, and reads it from as far back as a token can be valid: so it
knows after its start what others knew, and no request has to ask Redis.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec
import structlog

from router.serve.streams.revocation import Revocations
from shared.caller import Caller
from shared.errors import Unauthenticated
from shared.events.event import Recorded
from shared.tokens import LEEWAY_SECONDS, LIFETIME_SECONDS

TOPIC: Final = "auth.session-ended.v1"
MEMORABLE_SECONDS: Final = LIFETIME_SECONDS + 2 * LEEWAY_SECONDS
"""After that no token of an ended session is valid any more, whichever clock is a little off."""
_log = structlog.get_logger("studium.ended_sessions")


class SessionHasEnded(Unauthenticated):
    code = "SESSION_ENDED"
    default_message = "This session has ended; sign in again"


class _Ended(msgspec.Struct, frozen=True):
    tenant_id: UUID
    user_id: UUID
    session_id: UUID


class EndedSessions:
    """The sessions that have ended within the lifetime of a token."""

    def __init__(self, revocations: Revocations, *, clock: Callable[[], float] = time.time) -> None:
        """Know of none yet.

        Args:
            revocations: to be told of each.
            clock: seconds since the epoch.
        """
        self._revocations = revocations
        self._clock = clock
        self._ended: OrderedDict[UUID, float] = OrderedDict()
        """When each is to be forgotten, the first one first."""

    def refuse(self, caller: Caller) -> None:
        """Refuse a caller whose session has ended.

        Raises:
            SessionHasEnded: it has.
        """
        if caller.session_id in self._ended:
            raise SessionHasEnded

    async def note(self, event: Recorded) -> None:
        """Take notice of a session that has ended."""
        self._forget_old()
        try:
            ended = msgspec.json.decode(event.payload, type=_Ended)
        except msgspec.MsgspecError as error:
            _log.warning("not an ended session", event_id=str(event.event_id), error=repr(error))
            return
        self._ended[ended.session_id] = self._clock() + MEMORABLE_SECONDS
        session = str(ended.session_id)
        self._revocations.revoke(
            str(ended.user_id), str(ended.tenant_id), where=lambda identity: identity.claims.get("sid") == session
        )

    def _forget_old(self) -> None:
        now = self._clock()
        while self._ended and next(iter(self._ended.values())) <= now:
            self._ended.popitem(last=False)
