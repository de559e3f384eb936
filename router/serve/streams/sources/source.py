"""One stream of events from a subgraph, and all who read it: each event is executed and written once."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from math import inf
from time import time
from typing import Any, Final

from router.execute.json import write_json
from router.execute.response import Response
from router.execute.subscriptions import GAP, HISTORY_GONE
from router.execute.transport.alarms import Bound
from router.serve.errors import Refused, masked
from router.serve.operation import Operation
from router.serve.request import RequestContext
from router.serve.streams.cursor import cursor_in
from router.serve.streams.revocation import Revocations
from router.serve.streams.sources.key import Key
from router.serve.streams.sources.reader import Errors, Part, Reader
from router.serve.streams.term import Term
from router.serve.ticks import TICKS

AT_ONCE: Final = 100
"""Readers that are given an event before anything else gets its turn."""


class Source:
    """Open from when the first reader joins until the last one leaves.

    It is asked for in the name of the one who came first. Where readers differ, that is so only as long as that one's
    identity holds, and then another's name is used: from the last event on, if it has a cursor, or else with a gap that
    may be empty.
    """

    __slots__ = (
        "_cursor",
        "_giving",
        "_key",
        "_known",
        "_operation",
        "_readers",
        "_revocations",
        "_silenced",
        "_speaking",
        "_task",
        "_torn",
        "_variables",
        "_waiting",
    )

    def __init__(
        self,
        operation: Operation,
        variables: Mapping[str, Any],
        cursor: str | None,
        revocations: Revocations,
        known: dict[Key, "Source"],
    ) -> None:
        """Make one that nobody reads yet.

        Args:
            operation: that is a subscription.
            variables: coerced.
            cursor: of the event after which the stream goes on; None from now on.
            revocations: of identities.
            known: those that may be joined.
        """
        self._operation = operation
        self._variables = variables
        self._cursor = cursor
        self._revocations = revocations
        self._known = known
        self._key: Key | None = None
        """Under which others may join; None if they may not."""
        self._readers: dict[Reader, None] = {}
        self._task: asyncio.Task[None] | None = None
        self._speaking: Bound | None = None
        """What is done in the name of somebody whose identity may end before others'."""
        self._silenced = False
        """Whether it has."""
        self._giving = False
        """Whether some of the readers have been given an event that others have not been given yet."""
        self._torn = False
        """Whether events may be missing before the next one."""
        self._waiting: asyncio.Future[None] | None = None

    def open_to(self, key: Key) -> None:
        """Let others join who have the same key."""
        self._key = key
        self._known[key] = self

    def join(self, reader: Reader) -> None:
        """Give all that happens from now on to somebody."""
        self._readers[reader] = None
        reader.on_room = self._look_again
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        self._look_again()

    async def leave(self, reader: Reader) -> None:
        """Give them nothing more; the last one ends the stream."""
        reader.leave()
        self._readers.pop(reader, None)
        self._look_again()
        if not self._readers and self._task is not None:
            self._shut()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _shut(self) -> None:
        """Let nobody join any more."""
        if self._key is not None:
            del self._known[self._key]
            self._key = None

    async def _run(self) -> None:
        errors: Errors | None = None
        try:
            if self._key is not None and self._key.lasts:
                while not await self._read_for(await self._speaker()):
                    self._torn = self._cursor is None
            else:
                await self._read(next(iter(self._readers)).context)
        except Refused as refused:
            errors = refused.errors
        except Exception as error:  # noqa: BLE001  # whatever it is, clients get a masked answer and the log the rest
            errors = [masked(error)]
        self._shut()
        for each in self._readers:
            each.finish(errors)

    async def _speaker(self) -> RequestContext:
        """One of the readers whose identity holds; where there is none, all of them are about to leave."""
        while True:
            for each in self._readers:
                if self._holds(each.context):
                    return each.context
            await self._change()

    def _holds(self, context: RequestContext) -> bool:
        identity = context.identity
        if identity is None:
            return True
        expired = identity.expires is not None and identity.expires <= time()
        return not expired and not self._revocations.has_revoked(identity, context.entered)

    async def _read_for(self, context: RequestContext) -> bool:
        """Give events to the readers; False if that has to go on in another's name."""
        speaking = self._speaking = TICKS.within(inf)
        self._silenced = False
        term = Term(context, self._revocations, self._silence)
        try:
            with speaking:
                await self._read(context)
        except TimeoutError:
            if not self._silenced:
                raise
            return False
        finally:
            term.close()
        return True

    async def _read(self, context: RequestContext) -> None:
        async with aclosing(self._operation.events(self._variables, context, self._cursor)) as responses:
            async for response in responses:
                await self._publish(response)

    def _silence(self, _: Refused) -> None:
        self._silenced = True
        if self._speaking is not None and not self._giving:
            self._speaking.end()

    async def _publish(self, response: Response) -> None:
        """Give an event to all who read now; wait while none of them is ready for another one."""
        if self._key is not None and not self._key.lasts:
            self._shut()
        if self._torn:
            response.extensions.setdefault(GAP, {"code": HISTORY_GONE})
            self._torn = False
        payload = response.as_json()
        cursor = cursor_in(payload)
        self._cursor = cursor or self._cursor
        self._giving = True
        ready = await self._give(Part(response, payload, write_json(payload), cursor))
        self._giving = False
        if self._silenced:
            raise TimeoutError
        if not ready:
            await asyncio.sleep(0)  # so that who writes for them gets its turn, however fast events come
            while self._readers and all(each.is_behind for each in self._readers):
                await self._change()

    async def _give(self, part: Part) -> bool:
        """Whether all who read were ready for an event."""
        ready = True
        for number, each in enumerate(tuple(self._readers), 1):
            if not each.take(part):
                ready = False
            if not number % AT_ONCE:
                await asyncio.sleep(0)
        return ready

    async def _change(self) -> None:
        """Wait until somebody joins, leaves or has caught up."""
        self._waiting = asyncio.get_running_loop().create_future()
        await self._waiting

    def _look_again(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
