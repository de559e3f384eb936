"""Operations that run at the same time on one connection."""

import asyncio
from contextlib import aclosing, nullcontext
from functools import partial

from router.execute.json import JSONObject
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.errors import Refused, masked
from router.serve.request import GraphQLRequest, RequestContext
from router.serve.streams.outbox import Outbox
from router.serve.telemetry.sighting import SIGHTING, Sighting, part_of_current


class Operations:
    """Each has an id of the client's choice, and puts its answers into the connection's outbox."""

    def __init__(self, engine: Engine, outbox: Outbox) -> None:
        self._engine = engine
        self._outbox = outbox
        self._running: dict[str, asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._running

    def begin(self, id_: str, request: GraphQLRequest, context: RequestContext) -> None:
        """Run an operation; whatever ends it, the client hears of it, unless it asks for the end itself."""
        task = self._running[id_] = asyncio.create_task(self._run(id_, request, context, part_of_current()))
        task.add_done_callback(partial(self._over, id_))

    def end(self, id_: str) -> None:
        """End an operation, if it still runs, as the client wants nothing more of it."""
        operation = self._running.pop(id_, None)
        if operation is not None:
            operation.cancel()
            self._outbox.forget(id_)

    def fail(self, errors: list[JSONObject]) -> None:
        """End all, and tell the client why."""
        for id_ in list(self._running):
            self.end(id_)
            self._outbox.put_end(id_, errors)

    async def aclose(self) -> None:
        """End all."""
        for each in self._running.values():
            each.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

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
        if self._running.get(id_) is task:
            del self._running[id_]

    async def _answer(self, id_: str, request: GraphQLRequest, context: RequestContext) -> None:
        context = await self._engine.admitted(context)
        operation = await self._engine.prepare(request, context)
        droppable = operation.kind is OperationKind.SUBSCRIPTION
        put = self._outbox.put_event if droppable else self._outbox.put
        async with aclosing(self._engine.subscribe(request, context)) as responses:
            async for response in responses:
                await put(id_, response.as_json())
