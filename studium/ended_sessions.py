"""Sessions whose owners have signed out: their tokens are refused, and what runs on their behalf ends at once.

Each router follows the auth subgraph's stream of events, and reads it from as far back as a token can be valid: so it
knows after its start what others knew, and no request has to ask Redis. While Redis is away a router goes on with what
it knows; what it has missed it reads afterwards.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final
from uuid import UUID

import msgspec
import structlog
from pydantic import SecretStr
from redis.asyncio import Redis

from router.serve.streams.revocation import Revocations
from shared.caller import Caller
from shared.errors import Unauthenticated
from shared.events.connection import connect
from shared.events.repeat import forever
from shared.events.streams import Entry, EntryId, since, stream_of
from shared.tokens import LEEWAY_SECONDS, LIFETIME_SECONDS

_TOPIC: Final = "auth.session-ended.v1"
_STREAM: Final = stream_of("auth")
_READ_AT_ONCE: Final = 1_000
_BLOCK_MS: Final = 2_000
_MEMORABLE_SECONDS: Final = LIFETIME_SECONDS + 2 * LEEWAY_SECONDS
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

    def __init__(
        self, revocations: Revocations, *, clock: Callable[[], float] = time.time, first_read_seconds: float = 5.0
    ) -> None:
        """Know of none yet.

        Args:
            revocations: to be told of each.
            clock: seconds since the epoch.
            first_read_seconds: how long a start waits for what is on the stream already.
        """
        self._revocations = revocations
        self._clock = clock
        self._first_read_seconds = first_read_seconds
        self._ended: OrderedDict[UUID, float] = OrderedDict()
        """When each is to be forgotten, the first one first."""
        self._last: EntryId | None = None
        self.known = asyncio.Event()
        """Set once everything that was on the stream has been read."""

    def refuse(self, caller: Caller) -> None:
        """Refuse a caller whose session has ended.

        Raises:
            SessionHasEnded: it has.
        """
        if caller.session_id in self._ended:
            raise SessionHasEnded

    @asynccontextmanager
    async def following(self, url: SecretStr) -> AsyncGenerator[None]:
        """Follow the stream on a Redis server; begins when all that stands there is known, or does not come."""
        redis = connect(url.get_secret_value())

        async def follow() -> None:
            await self._follow(redis)

        task = asyncio.create_task(forever(follow, _log))
        try:
            try:
                async with asyncio.timeout(self._first_read_seconds):
                    await self.known.wait()
            except TimeoutError:
                _log.warning("ended sessions are not known yet")
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await redis.aclose()

    async def _follow(self, redis: Redis) -> None:
        """Read what is new; the first time, what is not too old."""
        after = self._last or b"%d-0" % max(0, int((self._clock() - _MEMORABLE_SECONDS) * 1000))
        block = _BLOCK_MS if self.known.is_set() else 1
        entries = await since(redis, _STREAM, after, count=_READ_AT_ONCE, block=block)
        self._last = entries[-1].id if entries else after
        for entry in entries:
            self._note(entry)
        self._forget_old()
        if len(entries) < _READ_AT_ONCE:
            self.known.set()

    def _note(self, entry: Entry) -> None:
        if entry.event is None or entry.event.topic != _TOPIC:
            return
        try:
            ended = msgspec.json.decode(entry.event.payload, type=_Ended)
        except msgspec.MsgspecError as error:
            _log.warning("not an ended session", event_id=str(entry.event.event_id), error=repr(error))
            return
        self._ended[ended.session_id] = self._clock() + _MEMORABLE_SECONDS
        session = str(ended.session_id)
        self._revocations.revoke(
            str(ended.user_id), str(ended.tenant_id), where=lambda identity: identity.claims.get("sid") == session
        )

    def _forget_old(self) -> None:
        now = self._clock()
        while self._ended and next(iter(self._ended.values())) <= now:
            self._ended.popitem(last=False)
