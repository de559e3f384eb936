"""An engine whose supergraph can be exchanged while it answers."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import ReferenceType, ref

from starlette.types import ASGIApp, Receive, Scope, Send

from router.execute import Response, Transport
from router.execute.incremental import IncrementalResponse
from router.plan.nodes import OperationKind
from router.serve.engine import Engine
from router.serve.life.running import Judged, JudgedReader, RunningStream
from router.serve.operation import Operation
from router.serve.request import ANYBODY, GraphQLRequest, RequestContext
from router.serve.streams.cursor import cursor_asked
from router.serve.streams.reading import StreamReader

JUDGED_AT_ONCE = 100
"""Running streams that are looked at before anything else gets its turn."""


class Generation:
    """An engine from when it is taken into use until nobody uses it any more.

    Attributes:
        transports: that are closed with the last generation that has them.
        users: requests and streams that it answers.
    """

    __slots__ = ("__weakref__", "engine", "transports", "users")

    def __init__(self, engine: Engine, transports: Mapping[str, Transport]) -> None:
        self.engine = engine
        self.transports = transports
        self.users = 0


_ANSWERING: ContextVar[ReferenceType[Generation] | None] = ContextVar("_ANSWERING", default=None)
"""What answers this request: the one that was current when it began. Tasks that outlive the request do not hold it."""


class LiveEngine(Engine):
    """Answers each request by the engine that is current when it begins; what runs goes on where it began."""

    # The attributes of an engine are those of the current one, and all that takes its time is done by one of them.
    def __init__(
        self, engine: Engine, transports: Mapping[str, Transport], freed: Callable[[], None] = lambda: None
    ) -> None:
        """Begin with an engine.

        Args:
            engine: the first.
            transports: that it uses, to be closed when it is not used any more.
            freed: is called when an engine is not used any more.
        """
        self._generation = Generation(engine, transports)
        self._generations = [self._generation]
        self._running: set[Judged] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._freed = freed

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_generation"].engine, name)

    @property
    def generations(self) -> Sequence[Generation]:
        """Those that somebody uses, and the current one as the last."""
        return tuple(self._generations)

    @property
    def current(self) -> Engine:
        """What answers new requests."""
        return self._generation.engine

    async def exchange(self, engine: Engine, transports: Mapping[str, Transport]) -> None:
        """Answer new requests by another engine, and end the streams that it would not answer."""
        self._generation = Generation(engine, transports)
        self._generations.append(self._generation)
        for number, each in enumerate(list(self._running), 1):
            await each.judge(engine)
            if not number % JUDGED_AT_ONCE:
                await asyncio.sleep(0)
        self._sweep()

    def begin(self) -> Generation:
        """Somebody uses the current engine."""
        generation = self._generation
        generation.users += 1
        return generation

    def end(self, generation: Generation) -> None:
        """They do not any more."""
        generation.users -= 1
        if not generation.users and generation is not self._generation:
            self._sweep()

    async def execute(self, request: GraphQLRequest, context: RequestContext) -> Response:
        generation = self.begin()
        try:
            return await generation.engine.execute(request, context)
        finally:
            self.end(generation)

    async def execute_incrementally(self, request: GraphQLRequest, context: RequestContext) -> IncrementalResponse:
        return await self._answering().execute_incrementally(request, context)

    @contextmanager
    def hold(self) -> Generator[None]:
        generation = self.begin()
        before = _ANSWERING.set(ref(generation))
        try:
            yield
        finally:
            _ANSWERING.reset(before)
            self.end(generation)

    @asynccontextmanager
    async def judging(
        self, operation: Operation, variables: Mapping[str, Any] | None, reader: StreamReader
    ) -> AsyncGenerator[None]:
        stream = JudgedReader(operation, variables, reader)
        self._running.add(stream)
        try:
            await stream.judge(self.current)  # which may have become so since the operation was prepared
            yield
        finally:
            self._running.discard(stream)

    async def admitted(self, context: RequestContext) -> RequestContext:
        return await self._answering().admitted(context)

    async def prepare(self, request: GraphQLRequest, context: RequestContext = ANYBODY) -> Operation:
        return await self._answering().prepare(request, context)

    async def planned(self, request: GraphQLRequest, context: RequestContext) -> Operation:
        return await self._answering().planned(request, context)

    async def subscribe(self, request: GraphQLRequest, context: RequestContext) -> AsyncGenerator[Response]:
        generation = self.begin()
        try:
            context = await generation.engine.admitted(context)
            operation = await generation.engine.prepare(request, context)
            if operation.kind is not OperationKind.SUBSCRIPTION:
                yield await operation.execute(request.variables, context)
                return
            async with aclosing(self.stream(operation, request, context, cursor_asked(request))) as responses:
                async for response in responses:
                    yield response
        finally:
            self.end(generation)

    async def stream(
        self, operation: Operation, request: GraphQLRequest, context: RequestContext, cursor: str | None
    ) -> AsyncGenerator[Response]:
        stream = RunningStream(operation, request.variables, context)
        self._running.add(stream)
        try:
            await stream.judge(self.current)  # which may have become so since the operation was prepared
            async with aclosing(stream.events(cursor)) as responses:
                async for response in responses:
                    yield response
        finally:
            self._running.discard(stream)

    async def aclose(self) -> None:
        """Close all transports."""
        await asyncio.gather(*self._closing)
        known = {id(each): each for generation in self._generations for each in generation.transports.values()}
        for transport in known.values():
            await transport.aclose()

    def _answering(self) -> Engine:
        """The engine of the request at hand: all that it asks for is done by one, which is counted as used."""
        began_with = _ANSWERING.get()
        generation = None if began_with is None else began_with()
        return self._generation.engine if generation not in self._generations else generation.engine

    def _sweep(self) -> None:
        """Forget the generations that nobody uses any more."""
        ended = [each for each in self._generations if each is not self._generation and not each.users]
        if not ended:
            return
        self._generations = [each for each in self._generations if each not in ended]
        kept = {id(each) for generation in self._generations for each in generation.transports.values()}
        gone = {id(each): each for generation in ended for each in generation.transports.values()}
        self._freed()
        for key, transport in gone.items():
            if key not in kept:
                task = asyncio.ensure_future(transport.aclose())
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)


class Used:
    """An ASGI application whose requests use an engine as long as they last."""

    def __init__(self, engine: LiveEngine, app: ASGIApp) -> None:
        self._engine = engine
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        with self._engine.hold():
            await self._app(scope, receive, send)
