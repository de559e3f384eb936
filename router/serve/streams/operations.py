"""Operations that run at the same time on one connection."""

import asyncio
from contextlib import nullcontext
from functools import partial

from router.execute.json import JSONObject
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.errors import Refused, masked
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.streams.cursor import cursor_asked
from router.serve.streams.outbox import Outbox
from router.serve.streams.sources.reader import Reader
from router.serve.streams.sources.sources import Sources, Subscription
from router.serve.telemetry.sighting import SIGHTING, Sighting, part_of_current


class _Running:
    """One of them.

    Attributes:
        reader: of a subscription's events; None of anything else.
    """

    __slots__ = ("reader", "task")

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.reader: Reader | None = None


class Operations:
    """Each has an id of the client's choice, and puts its answers into the connection's outbox."""

    __slots__ = ("_engine", "_outbox", "_running", "_sources")

    def __init__(self, engine: Engine, outbox: Outbox, sources: Sources) -> None:
        self._engine = engine
        self._outbox = outbox
        self._sources = sources
        self._running: dict[str, _Running] = {}

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._running

    def begin(self, id_: str, request: GraphQLRequest, context: RequestContext) -> None:
        """Run an operation; whatever ends it, the client hears of it, unless it asks for the end itself."""
        running = _Running()
        running.task = asyncio.create_task(self._run(id_, request, context, part_of_current()))
        self._running[id_] = running
        running.task.add_done_callback(partial(self._over, id_))

    def end(self, id_: str) -> None:
        """End an operation, if it still runs, as the client wants nothing more of it."""
        operation = self._running.pop(id_, None)
        if operation is not None:
            operation.task.cancel()
            if operation.reader is not None:
                operation.reader.leave()
            self._outbox.forget(id_)

    def fail(self, errors: list[JSONObject]) -> None:
        """End all, and tell the client why."""
        for id_ in list(self._running):
            self.end(id_)
            self._outbox.put_end(id_, errors)

    async def aclose(self) -> None:
        """End all."""
        tasks = [each.task for each in self._running.values()]
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, id_: str, request: GraphQLRequest, context: RequestContext, seen: Sighting | None) -> None:
        try:
            with seen or nullcontext():
                await self._answered(id_, request, context)
        finally:
            if seen is not None:
                seen.end()

    async def _answered(self, id_: str, request: GraphQLRequest, context: RequestContext) -> None:
        try:
            await self._answer(id_, request, context)
        except Refused as refused:
            seen = SIGHTING.get()
            if seen is not None:
                seen.refused(refused.errors)
            self._outbox.put_end(id_, refused.errors)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client gets a masked answer and the log the rest
            self._outbox.put_end(id_, [masked(error)])
        else:
            self._outbox.put_end(id_)

    def _over(self, id_: str, task: asyncio.Task[None]) -> None:
        running = self._running.get(id_)
        if running is not None and running.task is task:
            del self._running[id_]

    async def _answer(self, id_: str, request: GraphQLRequest, context: RequestContext) -> None:
        with self._engine.hold():
            context = await self._engine.admitted(context)
            operation = await self._engine.prepare(request, context)
            if operation.kind is not OperationKind.SUBSCRIPTION:
                response = await operation.execute(request.variables, context)
                await self._outbox.put(id_, response.as_json())
                return
            reader = self._running[id_].reader = Reader(id_, self._outbox, context)
            await Subscription(self._engine, self._sources, operation, request, cursor_asked(request)).pour(reader)
