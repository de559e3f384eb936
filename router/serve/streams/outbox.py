"""What waits to be sent over one connection: never more than a bound, whatever its client reads."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from router.execute.json import JSONObject
from router.serve.errors import Refused
from router.serve.streams.settings import Overflow
from router.serve.telemetry.sighting import SIGHTING

EVENTS_MISSED = "EVENTS_MISSED"
SLOW_CONSUMER = "SLOW_CONSUMER"


@dataclass(slots=True, eq=False)
class Event:
    """A part of an operation's answer.

    Attributes:
        operation: its id on the connection.
        payload: a GraphQL response, or what follows one.
        missed: events of the operation that made room and would have come right before this one.
    """

    operation: str
    payload: JSONObject
    missed: int = 0

    def told(self) -> JSONObject:
        """The payload, which tells what is missing before it."""
        if not self.missed:
            return self.payload
        gap = {"code": EVENTS_MISSED, "missed": self.missed}
        return {**self.payload, "extensions": {**self.payload.get("extensions", {}), "gap": gap}}


@dataclass(slots=True, eq=False)
class End:
    """The end of an operation, and the errors that are its reason, if it did not end by itself."""

    operation: str
    errors: list[JSONObject] | None = None


@dataclass(slots=True, eq=False)
class Notice:
    """A message of the connection's protocol; it is never dropped."""

    message: JSONObject


Message: TypeAlias = Event | End | Notice


class Outbox:
    """A bounded queue with one reader.

    Only what ends an operation may be put beyond the bound. Whoever begins operations on behalf of the client has to
    wait for `room` first, or a client that never reads could pile those up.
    """

    def __init__(self, size: int, overflow: Overflow) -> None:
        self._size = size
        self._overflow = overflow
        self._waiting: deque[Message] = deque()
        self._free = asyncio.Semaphore(size)
        self._any = asyncio.Event()
        self._taken = asyncio.Event()
        self._missed: dict[str, int] = {}

    @property
    def is_crowded(self) -> bool:
        """Whether the client should end operations or read, rather than begin anything."""
        return len(self._waiting) >= 2 * self._size

    async def put_event(self, operation: str, payload: JSONObject) -> None:
        """Queue an event of a subscription, in the way that was chosen for a full queue.

        Raises:
            Refused: the queue is full and the stream is to end for that.
        """
        if not self._free.locked() or self._overflow is Overflow.WAIT:
            await self.put(operation, payload)
        elif self._overflow is Overflow.CLOSE:
            _note_dropped(self._overflow)
            raise Refused.because("The client reads too slowly; events were about to be lost.", SLOW_CONSUMER)
        elif self._displace(operation):
            self._append(Event(operation, payload, self._missed.pop(operation, 0)))
        else:
            await self.put(operation, payload)

    async def put(self, operation: str, payload: JSONObject) -> None:
        """Queue a part of an answer that none may be missing of; wait while the queue is full."""
        await self._free.acquire()
        self._append(Event(operation, payload, self._missed.pop(operation, 0)))

    async def put_notice(self, message: JSONObject) -> None:
        """Queue a message of the protocol; wait while the queue is full."""
        await self._free.acquire()
        self._append(Notice(message))

    def put_end(self, operation: str, errors: list[JSONObject] | None = None) -> None:
        """Queue the end of an operation, at once."""
        self._missed.pop(operation, None)
        self._append(End(operation, errors))

    def forget(self, operation: str) -> None:
        """Nothing more is sent of an operation."""
        self._missed.pop(operation, None)
        kept = deque(each for each in self._waiting if not isinstance(each, Event) or each.operation != operation)
        for _ in range(len(self._waiting) - len(kept)):
            self._free.release()
        self._waiting = kept
        self._taken.set()

    async def get(self) -> Message:
        """The next message, as soon as there is one."""
        while not self._waiting:
            self._any.clear()
            await self._any.wait()
        found = self._waiting.popleft()
        self._taken.set()
        if not isinstance(found, End):
            self._free.release()
        return found

    async def room(self) -> None:
        """Wait until the queue is not crowded."""
        while self.is_crowded:
            self._taken.clear()
            await self._taken.wait()

    def _append(self, message: Message) -> None:
        self._waiting.append(message)
        self._any.set()

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
        _note_dropped(self._overflow)
        missed = dropped.missed + 1
        later = next((each for each in events if each.operation == dropped.operation and each is not dropped), None)
        if later is None:
            self._missed[dropped.operation] = self._missed.get(dropped.operation, 0) + missed
        else:
            later.missed += missed
        return True


def _note_dropped(overflow: Overflow) -> None:
    seen = SIGHTING.get()
    if seen is not None:
        seen.observer.numbers.dropped[overflow.value] += 1


async def next_within(outbox: Outbox, seconds: float) -> Message | None:
    """The next message, or None if there is none for so long."""
    try:
        async with asyncio.timeout(seconds):
            return await outbox.get()
    except TimeoutError:
        return None
