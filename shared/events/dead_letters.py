"""Events that a consumer has given up on: looked at, delivered to it again, or dropped.

What is delivered again goes to that consumer alone, over a stream of its own: the others have handled the event, and
their inboxes may have forgotten it. It comes behind everything that has happened since, so it counts for what handlers
make of late events.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

from redis.asyncio import Redis

from shared.events.event import Recorded
from shared.events.streams import EntryId, Fields, dead_letters_of, recorded_in, retries_of

_AT_ONCE: Final = 100
_EVENT: Final = (b"event_id", b"tenant_id", b"topic", b"payload")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One event that failed again and again.

    Attributes:
        fields: as it stood in its stream, with where that was and the reason.
        event: None if it was none, which nobody can handle.
    """

    consumer: str
    id: EntryId
    fields: Fields
    event: Recorded | None

    @property
    def given_up_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.id.partition(b"-")[0]) / 1000, UTC)

    @property
    def reason(self) -> str:
        return self.fields.get(b"reason", b"").decode(errors="replace")


async def dead_letters(redis: Redis, consumer: str) -> AsyncGenerator[DeadLetter]:
    """Those of a consumer, the oldest first; read some at a time.

    None that comes meanwhile: what is delivered again and fails again would never let it end.
    """
    stream, after = dead_letters_of(consumer), "-"
    newest = await cast("Any", redis).xrevrange(stream, count=1)
    while newest and (found := await cast("Any", redis).xrange(stream, after, newest[0][0], count=_AT_ONCE)):
        for id_, fields in found:
            yield DeadLetter(consumer, id_, fields, recorded_in(fields))
        after = f"({found[-1][0].decode()}"


async def deliver_again(redis: Redis, letter: DeadLetter) -> bool:
    """Put it where its consumer reads it, and take it off the dead letters, in one step; false if it is no event.

    Twice does no harm: the consumer handles an event once.
    """
    if letter.event is None:
        return False
    async with redis.pipeline(transaction=True) as pipeline:
        fields = {name: letter.fields[name] for name in _EVENT}
        pipeline.xadd(retries_of(letter.consumer), cast("Any", fields))
        pipeline.xdel(dead_letters_of(letter.consumer), letter.id)
        await pipeline.execute()
    return True


async def drop(redis: Redis, letter: DeadLetter) -> None:
    """Forget it: it is never handled."""
    await redis.xdel(dead_letters_of(letter.consumer), letter.id)
