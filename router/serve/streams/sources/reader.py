"""One client's operation whose answer comes in parts, on their way into its connection's outbox."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from router.execute.json import JSONObject
from router.execute.response import Response
from router.serve.errors import Refused
from router.serve.request import RequestContext
from router.serve.streams.outbox import Outbox, note_dropped, too_slow
from router.serve.telemetry.sighting import Watching

Errors: TypeAlias = list[JSONObject]


@dataclass(frozen=True, slots=True)
class Part:
    """An event as all who read its source get it, written once.

    Attributes:
        cursor: its own; None if it has none.
    """

    response: Response
    payload: JSONObject
    text: bytes
    cursor: str | None


class Reader:
    """Takes events at once, whatever its client does: what does not fit into the outbox waits here, within a bound.

    Attributes:
        operation: its id on the connection.
        context: who reads.
        cursor: of the last event that was put into the outbox.
        watching: takes note of each event; None where nobody looks.
        on_room: is called when it has caught up.
        over: the end, and the errors that are its reason, if it has one.
    """

    __slots__ = (
        "_behind",
        "_catching_up",
        "_most",
        "_outbox",
        "context",
        "cursor",
        "on_room",
        "operation",
        "over",
        "watching",
    )

    def __init__(self, operation: str, outbox: Outbox, context: RequestContext) -> None:
        self.operation = operation
        self.context = context
        self.cursor: str | None = None
        self.watching: Watching | None = None
        self.on_room: Callable[[], None] | None = None
        self._outbox = outbox
        self.over: asyncio.Future[Errors | None] = asyncio.get_running_loop().create_future()
        self._behind: deque[Part | Errors | None] | None = None
        """What waits, and at last the end; None if nothing does."""
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether it waits for its client."""
        return self._behind is not None

    async def put(self, payload: JSONObject) -> None:
        """Take a part of an answer that is this client's alone, when there is room for it."""
        await self._outbox.put_event(self.operation, payload)

    def take(self, part: Part) -> bool:
        """Take an event, unless the end has come already; False if it has to wait for its client.

        Who would have too many of them waiting is ended instead.
        """
        if self.over.done():
            return True
        if self._behind is None:
            try:
                if self._outbox.offer_event(self.operation, part.payload, part.text):
                    self._note(part)
                    return True
            except Refused as refused:
                self.end(refused.errors)
                return True
            self._behind = deque()
            self._catching_up = asyncio.create_task(self._catch_up(self._behind))
        elif len(self._behind) >= self._outbox.size:
            note_dropped(self._outbox.overflow)
            self.end(too_slow().errors)
            return True
        self._behind.append(part)
        return False

    def finish(self, errors: Errors | None) -> None:
        """The source has come to its end, for a reason or without one: the client hears of it behind what waits."""
        if self._behind is None:
            self.end(errors)
        else:
            self._behind.append(errors)

    def end(self, errors: Errors | None) -> None:
        """It is over at once."""
        self._release()
        if not self.over.done():
            self.over.set_result(errors)

    def leave(self) -> None:
        """The client wants nothing more: what is put into the outbox from now on could be taken for something else."""
        self._release()
        self.over.cancel()

    def _note(self, part: Part) -> None:
        self.cursor = part.cursor or self.cursor
        if self.watching is not None:
            self.watching.event(part.response)

    async def _catch_up(self, behind: deque[Part | Errors | None]) -> None:
        while behind:
            part = behind[0]
            if not isinstance(part, Part):
                self._behind = self._catching_up = None
                self.end(part)
                return
            await self._outbox.put_event(self.operation, part.payload, part.text)
            behind.popleft()
            self._note(part)
        self._behind = self._catching_up = None
        if self.on_room is not None:
            self.on_room()

    def _release(self) -> None:
        self._behind = None
        if self._catching_up is not None:
            self._catching_up.cancel()
            self._catching_up = None
