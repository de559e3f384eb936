"""An ASGI application whose requests are seen."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from router.serve.telemetry.telemetry import Telemetry

Lifespan: TypeAlias = Callable[[Starlette], AbstractAsyncContextManager[Any]]


class ObservedApp:
    """Around the endpoint of one path."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, transport: str) -> None:
        """Args: `transport` is what clients use with it."""
        self._app = app
        self._telemetry = telemetry
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one connection."""
        if scope["type"] == "websocket":
            with (
                self._telemetry.connected(self._transport),
                self._telemetry.connection(scope["headers"], self._transport),
            ):
                await self._app(scope, receive, send)
            return
        seen = self._telemetry.request(scope["method"], scope["headers"], self._transport)
        try:
            with seen:
                await self._app(scope, receive, seen.sending(send))
        finally:
            seen.end()


def observing(telemetry: Telemetry, lifespan: Lifespan | None) -> Lifespan:
    """The lifespan of an application that is looked at for as long as it runs."""

    @asynccontextmanager
    async def observed(app: Starlette) -> AsyncGenerator[Any]:
        async with telemetry.running(), nullcontext() if lifespan is None else lifespan(app) as state:
            yield state

    return observed
