"""What one subscriber of the hub has waiting."""

import asyncio
import enum
from collections import deque
from dataclasses import dataclass, field
from typing import Self, TypeAlias


class Wake(enum.Enum):
    RESYNC = "resync"
    """Messages may have been missed: read everything again."""


Message: TypeAlias = bytes | Wake


@dataclass(eq=False, slots=True)
class Subscription:
    """A bounded queue of messages. Iterating over it never ends by itself."""

    channel: str
    capacity: int
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while Redis is known to deliver this channel to this process."""
    reading: bool = False
    """Whether the subscriber has started: from then on it has to be told of interruptions."""
    _waiting: deque[Message] = field(default_factory=deque[Message])
    _any: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, message: Message) -> None:
        """Queue a message; a full queue turns into one RESYNC, which says the same and more."""
        if message is Wake.RESYNC or len(self._waiting) >= self.capacity:
            self._waiting.clear()
            message = Wake.RESYNC
        self._waiting.append(message)
        self._any.set()

    def confirm(self) -> None:
        """Redis delivers the channel from now on; what came before may have been missed."""
        self.confirmed.set()
        if self.reading:
            self.deliver(Wake.RESYNC)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        await self._any.wait()
        message = self._waiting.popleft()
        if not self._waiting:
            self._any.clear()
        return message

    async def wait(self) -> None:
        """Wait until there is anything, and take all of it: for readers who answer each wake by reading again."""
        await self._any.wait()
        self._waiting.clear()
        self._any.clear()
