"""A subgraph as an application: thin HTTP and WebSocket routes around its GraphQL service."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import msgspec
import orjson
import structlog
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from shared.graphql.request import GraphQLRequest
from shared.graphql.service import Answer, GraphQLService
from shared.graphql.websocket import WebSocketConnection

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
Check = Callable[[], Awaitable[None]]

READY_TIMEOUT_S = 2.0

_log = structlog.get_logger("studium.graphql")
_decoder = msgspec.json.Decoder(GraphQLRequest)


class SubgraphApp:
    """A subgraph ready to run: served over HTTP by `app`, or called in this process through `service`.

    Attributes:
        name: the subgraph's name in the supergraph.
        app: the ASGI application; it starts and closes the subgraph with its own lifespan.
        service: executes operations in this process; call `start` first.
        sdl: the subgraph's schema.
    """

    def __init__(self, name: str, service: GraphQLService, *, lifespan: Lifespan, ready: Check) -> None:
        self.name = name
        self.service = service
        self.sdl = service.schema.sdl
        self._lifespan = lifespan
        self._ready = ready
        self._running: AsyncExitStack | None = None
        self.app = self._application()

    async def start(self) -> None:
        """Open what the subgraph needs; starting twice is the same as once."""
        if self._running is None:
            running = AsyncExitStack()
            await running.enter_async_context(self._lifespan())
            self._running = running

    async def aclose(self) -> None:
        """Close what `start` opened."""
        if self._running is not None:
            running, self._running = self._running, None
            await running.aclose()

    async def ready(self) -> bool:
        """Tell whether the subgraph can answer: it is started and its servers reply."""
        if self._running is None:
            return False
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await self._ready()
        except Exception as error:  # noqa: BLE001 any failure means not ready, and is logged
            _log.warning("subgraph.not_ready", subgraph=self.name, error=repr(error))
            return False
        return True

    def _application(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
            await self.start()
            try:
                yield
            finally:
                await self.aclose()

        app = FastAPI(title=f"Studium {self.name}", lifespan=lifespan, openapi_url=None)
        app.router.routes.extend(
            [
                Route("/graphql", self._post, methods=["POST"]),
                WebSocketRoute("/graphql", self._websocket),
                Route("/health", self._health, methods=["GET"]),
                Route("/ready", self._readiness, methods=["GET"]),
            ]
        )
        return app

    async def _post(self, request: Request) -> Response:
        try:
            operation = _decoder.decode(await request.body())
        except msgspec.DecodeError as error:
            refusal = {"message": f"Not a GraphQL request: {error}", "extensions": {"code": "BAD_REQUEST"}}
            return _json({"errors": [refusal]}, status_code=400)
        answer = await self.service.execute(
            operation.query, operation.variables, operation.operation_name, request.headers
        )
        return _json(answer)

    async def _websocket(self, socket: WebSocket) -> None:
        await WebSocketConnection(socket, self.service).serve()

    async def _health(self, _: Request) -> Response:
        return _json({"status": "alive"})

    async def _readiness(self, _: Request) -> Response:
        ready = await self.ready()
        return _json({"status": "ready" if ready else "unavailable"}, status_code=200 if ready else 503)


def _json(answer: Answer, status_code: int = 200) -> Response:
    return Response(orjson.dumps(answer), status_code=status_code, media_type="application/json")
