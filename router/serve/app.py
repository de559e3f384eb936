"""The router as an ASGI application."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from router.serve.caching.endpoint import INVALIDATION_PATH, Invalidation
from router.serve.engine import Engine
from router.serve.graphiql import Page, asset_routes
from router.serve.http.config import HttpPolicy
from router.serve.http.cross_site import CrossSiteCheck
from router.serve.http.endpoint import GraphQLEndpoint
from router.serve.http.middleware import middleware_of
from router.serve.life.draining import Draining
from router.serve.life.live import LiveEngine, Used
from router.serve.ready import Readiness
from router.serve.request import Hooks
from router.serve.streams.choice import Streams
from router.serve.streams.keeper import StreamKeeper
from router.serve.streams.settings import StreamSettings
from router.serve.streams.single import SingleConnectionEndpoint
from router.serve.streams.websocket import WebSocketEndpoint
from router.serve.telemetry.observed import ObservedApp, observing
from router.serve.telemetry.server import metrics_endpoint

PATH = "/graphql"
STREAM_PATH = "/graphql/stream"
HEALTH_PATH = "/health"
READY_PATH = "/ready"


def create_app(
    engine: Engine,
    *,
    hooks: Hooks | None = None,
    graphiql: bool = True,
    http: HttpPolicy | None = None,
    streams: StreamSettings | None = None,
    lifespan: Callable[[Starlette], AbstractAsyncContextManager[Any]] | None = None,
    draining: Draining | None = None,
    told: Callable[[], Mapping[str, Any]] | None = None,
) -> Starlette:
    """Serve `/graphql` by POST, GET and WebSocket, `/health`, `/ready`, and GraphiQL to browsers, also from `/`.

    `/graphql/stream` is for clients that share one event stream between their operations. GraphQL is served at the
    paths that name a tenant as well, if there are any.
    The engine stays the caller's, who closes it when the application has ended. `draining` tells when the process is to
    end, and `told` gives what `/ready` says of the supergraph.
    """
    decided = hooks or Hooks()
    policy = http or HttpPolicy()
    keeper = StreamKeeper.of(streams or StreamSettings(), decided.revocations, draining)
    page = Page.load() if graphiql else None
    cross_site = CrossSiteCheck(policy.cross_site, policy.cors)
    endpoint: ASGIApp = GraphQLEndpoint(engine, decided, page, Streams(engine, keeper), policy)
    if isinstance(engine, LiveEngine):
        endpoint = Used(engine, endpoint)
    single: ASGIApp = SingleConnectionEndpoint(engine, decided, keeper, policy.resource_metadata)
    socket: ASGIApp = WebSocketEndpoint(engine, decided, keeper, cross_site)
    telemetry = engine.telemetry
    if telemetry is not None:
        endpoint = ObservedApp(endpoint, telemetry, "http")
        single = ObservedApp(single, telemetry, "sse-single")
        socket = ObservedApp(socket, telemetry, "websocket")
        lifespan = observing(telemetry, lifespan)
    routes: list[BaseRoute] = [
        Route(PATH, endpoint),
        Route(STREAM_PATH, single),
        WebSocketRoute(PATH, socket),
        Route(HEALTH_PATH, _health, methods=["GET"]),
        Route(READY_PATH, Readiness(engine, keeper.draining, told).answer, methods=["GET"]),
    ]
    if graphiql:
        routes.extend([Route("/", _to_page, methods=["GET"]), *asset_routes()])
    for path in () if engine.tenancy is None else engine.tenancy.settings.naming.paths:
        routes.extend([Route(path, endpoint), Route(f"{path}/stream", single), WebSocketRoute(path, socket)])
    secret = None if engine.answers is None else engine.answers.config.invalidation_secret
    if engine.answers is not None and secret is not None:
        routes.append(Route(INVALIDATION_PATH, Invalidation(engine.answers, secret).answer, methods=["POST"]))
    metrics = None if telemetry is None else telemetry.config.metrics
    if telemetry is not None and metrics is not None and metrics.path is not None:
        routes.append(Route(metrics.path, metrics_endpoint(telemetry.registry), methods=["GET"]))
    app = Starlette(routes=routes, middleware=middleware_of(policy), lifespan=lifespan)
    app.router.redirect_slashes = False  # to an address made of what the client says of the host, of any query's bytes
    return app


async def _health(request: Request) -> JSONResponse:
    """The process answers; whether subgraphs do is seen in their fields."""
    return JSONResponse({"status": "ok"})


async def _to_page(request: Request) -> RedirectResponse:
    """Relative, so that it holds behind a proxy that adds a prefix."""
    return RedirectResponse(PATH.removeprefix("/"))
