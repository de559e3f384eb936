"""A subgraph whose subscriptions give an event whenever a test says so, and clients without a network."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from typing import Any

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.serve import Engine, Refused, RequestContext
from router.serve.request import GraphQLRequest
from router.serve.streams.cursor import cursor_asked
from router.serve.streams.outbox import Event, Outbox
from router.serve.streams.revocation import Revocations
from router.serve.streams.settings import StreamSettings
from router.serve.streams.sources.reader import Reader
from router.serve.streams.sources.sources import Sources, Subscription

SDL = """
type Query { now: Int }
type Subscription { rung(of: Int): Ring! mine(of: Int): Ring! }
type Ring { number: Int! of: Int by: String }
"""
RUNG = "subscription($of: Int) { rung(of: $of) { number of by } }"
MINE = RUNG.replace("rung(of: $of)", "mine(of: $of)")


class Hub:
    """The subgraph.

    Attributes:
        opened: the headers of each stream that was asked for.
        open: how many there are now.
        cursors: each event has its number as its cursor.
    """

    def __init__(self, *, cursors: bool = False) -> None:
        self.opened: list[dict[str, str]] = []
        self.open = 0
        self.cursors = cursors
        self._queues: set[asyncio.Queue[int | None]] = set()

    def ring(self, number: int | None) -> None:
        """Give all streams an event, or their end."""
        for each in self._queues:
            each.put_nowait(number)

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        field = "rung" if "rung" in query else "mine"
        by = headers.get("authorization") if field == "mine" else None
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        self._queues.add(queue)
        self.opened.append(dict(headers))
        self.open += 1
        try:
            while (number := await queue.get()) is not None:
                said = {"number": number, "of": (variables or {}).get("of"), "by": by}
                cursor = {"extensions": {"cursor": f"c{number}"}} if self.cursors else {}
                yield {"data": {field: said}, **cursor}
        finally:
            self.open -= 1
            self._queues.discard(queue)


class Stage:
    """A subgraph that is whichever hub is on; so that tests need not make an engine each.

    Attributes:
        hub: that is asked.
    """

    def __init__(self) -> None:
        self.hub = Hub()

    async def execute(self, *_: Any) -> Mapping[str, Any]:
        return {"data": {"now": 1}}

    def subscribe(self, *asked: Any) -> AsyncGenerator[Mapping[str, Any]]:
        return self.hub.subscribe(*asked)


def engine_of(stage: Stage, sdl: str = SDL) -> Engine:
    composed = compose([Subgraph("rings", "http://rings", sdl)])
    assert isinstance(composed, Composed)
    return Engine.from_sdl(composed.supergraph_sdl, {"rings": InProcessTransport(stage.execute, stage.subscribe)})


STAGE = Stage()
ENGINE = engine_of(STAGE)


async def settle() -> None:
    """Let everybody do what they can."""
    for _ in range(30):
        await asyncio.sleep(0)


class Client:
    """One subscription."""

    def __init__(self, house: "House", query: str, context: RequestContext, of: int | None, cursor: str | None) -> None:
        self.outbox = Outbox(house.settings.queue, house.settings.overflow)
        self.refused: str | None = None
        self.reader = Reader("1", self.outbox, context)
        extensions = None if cursor is None else {"cursor": cursor}
        request = GraphQLRequest(query, variables={"of": of}, extensions=extensions)
        self.task = asyncio.ensure_future(self._watch(house, request))

    async def _watch(self, house: "House", request: GraphQLRequest) -> None:
        context = self.reader.context
        operation = await house.engine.prepare(request, context)
        try:
            await Subscription(house.engine, house.sources, operation, request, cursor_asked(request)).pour(self.reader)
        except Refused as refused:
            self.refused = refused.errors[0]["extensions"]["code"]

    @property
    def is_over(self) -> bool:
        return self.task.done()

    def read(self) -> list[Any]:
        """What waits: the number of each event, and what is missing before it."""
        found: list[Any] = []
        while (message := self.outbox.take()) is not None:
            assert isinstance(message, Event)
            (said,) = message.payload["data"].values()
            found.append(message.payload["extensions"] if said is None else said["number"])
            if "gap" in message.payload.get("extensions", {}):
                found.append("gap")
        return found

    def events(self) -> list[Any]:
        """What waits, as it is sent."""
        found: list[Any] = []
        while (message := self.outbox.take()) is not None:
            assert isinstance(message, Event)
            found.append(message.written())
        return found

    async def leave(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


class House:
    """A router in which clients watch."""

    def __init__(self, **settings: Any) -> None:
        self.engine: Engine = ENGINE
        self.settings = StreamSettings(**settings)
        self.revocations = Revocations()
        self.sources = Sources(self.settings, self.revocations)
        self._clients: list[Client] = []

    @classmethod
    async def over(cls, hub: Hub, **settings: Any) -> "House":
        """One whose operations are planned."""
        STAGE.hub = hub
        for query in (RUNG, MINE):
            await ENGINE.prepare(GraphQLRequest(query))
        return cls(**settings)

    def watch(
        self,
        context: RequestContext | None = None,
        of: int | None = None,
        *,
        query: str = RUNG,
        cursor: str | None = None,
    ) -> Client:
        client = Client(self, query, context or RequestContext(), of, cursor)
        self._clients.append(client)
        return client

    async def aclose(self) -> None:
        for each in self._clients:
            await each.leave()
