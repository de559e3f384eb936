"""What waits to be sent over one connection: never more than a bound, whatever its client reads."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from router.execute.json import JSONObject, write_json
from router.serve.errors import Refused
from router.serve.streams.settings import Overflow
from router.serve.telemetry.sighting import SIGHTING
from router.serve.ticks import TICKS

EVENTS_MISSED = "EVENTS_MISSED"
SLOW_CONSUMER = "SLOW_CONSUMER"


@dataclass(slots=True, eq=False)
class Event:
    """A part of an operation's answer.

    Attributes:
        operation: its id on the connection.
        payload: a GraphQL response, or what follows one.
        missed: events of the operation that made room and would have come right before this one.
        text: the payload as JSON, where somebody has written it already.
    """

    operation: str
    payload: JSONObject
    missed: int = 0
    text: bytes | None = None

    def written(self) -> bytes:
        """As JSON, and what is missing before it."""
        return write_json(self.told()) if self.missed or self.text is None else self.text

    def told(self) -> JSONObject:
        """The payload, which tells what is missing before it."""
        if not self.missed:
            return self.payload
        gap = {"code": EVENTS_MISSED, "missed": self.missed}
        return {**self.payload, "extensions": {**self.payload.get("extensions", {}), "gap": gap}}


@dataclass(slots=True, eq=False)
class End:
    """The end of an operation, and the errors that are its reason, if it did not end by itself.

    Attributes:
        paused: the client should come back at once, and go on where it was.
    """

    operation: str
    errors: list[JSONObject] | None = None
    paused: bool = False


@dataclass(slots=True, eq=False)
class Notice:
    """A message of the connection's protocol; it is never dropped."""

    message: JSONObject


Message: TypeAlias = Event | End | Notice


class Outbox:
    """A bounded queue with one reader.

    Only what ends an operation may be put beyond the bound. Whoever begins operations on behalf of the client has to
    wait for `room` first, or a client that never reads could pile those up.

    Attributes:
        size: the bound, in messages.
        overflow: what happens to an event beyond it.
    """

    __slots__ = ("_missed", "_used", "_waiters", "_waiting", "on_waiting", "overflow", "size")

    def __init__(self, size: int, overflow: Overflow) -> None:
        """Args: `size` is the bound, in messages."""
        self.size = size
        self.overflow = overflow
        # Thousands of connections wait for something most of the time: an empty one of these has to be small.
        self._waiting: list[Message] = []
        self._used = 0
        self._waiters: dict[asyncio.Future[None], None] | None = None
        self._missed: dict[str, int] | None = None
        self.on_waiting: Callable[[], None] | None = None
        """To be called whenever something is put in, by a reader that takes it in its own time."""

    @property
    def is_crowded(self) -> bool:
        """Whether the client should end operations or read, rather than begin anything."""
        return len(self._waiting) >= 2 * self.size

    @property
    def is_full(self) -> bool:
        """Whether what none may be missing of has to wait."""
        return self._used >= self.size

    async def put_event(self, operation: str, payload: JSONObject, text: bytes | None = None) -> None:
        """Queue an event of a subscription, in the way that was chosen for a full queue.

        `text` is the payload as JSON, where somebody has written it already.

        Raises:
            Refused: the queue is full and the stream is to end for that.
        """
        if not self.offer_event(operation, payload, text):
            await self.put(operation, payload, text)

    def offer_event(self, operation: str, payload: JSONObject, text: bytes | None = None) -> bool:
        """Queue an event of a subscription if it needs not wait; False if it has to.

        Raises:
            Refused: the queue is full and the stream is to end for that.
        """
        if self.is_full:
            if self.overflow is Overflow.CLOSE:
                note_dropped(self.overflow)
                raise too_slow()
            if self.overflow is Overflow.WAIT or not self._displace(operation):
                return False
        else:
            self._used += 1
        self._append(Event(operation, payload, self._missed_of(operation), text))
        return True

    async def put(self, operation: str, payload: JSONObject, text: bytes | None = None) -> None:
        """Queue a part of an answer that none may be missing of; wait while the queue is full."""
        await self._place()
        self._append(Event(operation, payload, self._missed_of(operation), text))

    async def put_notice(self, message: JSONObject) -> None:
        """Queue a message of the protocol; wait while the queue is full."""
        await self._place()
        self._append(Notice(message))

    def put_end(self, operation: str, errors: list[JSONObject] | None = None, *, paused: bool = False) -> None:
        """Queue the end of an operation, at once."""
        self._missed_of(operation)
        self._append(End(operation, errors, paused))

    def forget(self, operation: str) -> None:
        """Nothing more is sent of an operation."""
        self._missed_of(operation)
        kept = [each for each in self._waiting if not isinstance(each, Event) or each.operation != operation]
        self._used -= len(self._waiting) - len(kept)
        self._waiting = kept
        self._changed()

    def take(self) -> Message | None:
        """The next message, if there is one."""
        if not self._waiting:
            return None
        found = self._waiting.pop(0)
        if not isinstance(found, End):
            self._used -= 1
        self._changed()
        return found

    async def get(self) -> Message:
        """The next message, as soon as there is one."""
        while (found := self.take()) is None:
            await self._until_changed()
        return found

    async def get_within(self, seconds: float) -> Message | None:
        """The next message, or None if there is none for so long."""
        found = self.take()
        if found is not None:
            return found
        silent = False

        def fall_silent() -> None:
            nonlocal silent
            silent = True
            self._changed()

        silence = TICKS.after(seconds, fall_silent)
        try:
            while (found := self.take()) is None and not silent:
                await self._until_changed()
        finally:
            TICKS.off(silence)
        return found

    async def room(self) -> None:
        """Wait until the queue is not crowded."""
        while self.is_crowded:
            await self._until_changed()

    async def _place(self) -> None:
        """Take a place as soon as there is one."""
        while self.is_full:
            await self._until_changed()
        self._used += 1

    async def _until_changed(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = {}
        waiters = self._waiters
        waiters[waiter] = None
        try:
            await waiter
        finally:
            waiters.pop(waiter, None)

    def _changed(self) -> None:
        """Let those who wait for messages or room look again."""
        waiters, self._waiters = self._waiters, None
        for each in waiters or ():
            if not each.done():
                each.set_result(None)

    def _append(self, message: Message) -> None:
        self._waiting.append(message)
        self._changed()
        if self.on_waiting is not None:
            self.on_waiting()

    def _missed_of(self, operation: str) -> int:
        """How many events of an operation are missing before what comes next of it, which tells it."""
        return 0 if self._missed is None else self._missed.pop(operation, 0)

    def _displace(self, operation: str) -> bool:
        """Take the oldest event out of a full queue, of the same operation if there is one; False if there is none.

        Whatever its operation sends next then tells that events are missing.
        """
        events = [each for each in self._waiting if isinstance(each, Event)]
        own = [each for each in events if each.operation == operation]
        dropped = next(iter(own or events), None)
        if dropped is None:
            return False
        self._waiting.remove(dropped)
        note_dropped(self.overflow)
        missed = dropped.missed + 1
        later = next((each for each in events if each.operation == dropped.operation and each is not dropped), None)
        if later is None:
            self._missed = self._missed or {}
            self._missed[dropped.operation] = self._missed.get(dropped.operation, 0) + missed
        else:
            later.missed += missed
        return True


def too_slow() -> Refused:
    """The end of a stream that would have missed an event."""
    return Refused.because("The client reads too slowly; events were about to be lost.", SLOW_CONSUMER)


def note_dropped(overflow: Overflow) -> None:
    """Take note that an event does not come to a client."""
    seen = SIGHTING.get()
    if seen is not None:
        seen.observer.numbers.dropped[overflow.value] += 1
