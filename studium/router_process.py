"""`studium router`: the graph, over subgraphs in this process or behind HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette

from router.compose import Subgraph
from router.execute import InProcessTransport, Transport
from router.serve.app import create_app
from router.serve.request import Hooks
from router.serve.traffic import Concurrency, Traffic, TrafficConfig, TrafficError, build_transports
from shared import telemetry
from studium.embedded.errors import CannotStart
from studium.gateway import Gateway, authenticating, build_gateway
from studium.keys import create_verifier
from studium.platform import SUBGRAPHS
from studium.serving import serve
from studium.settings import StudiumSettings
from studium.subgraphs_file import read_subgraphs

if TYPE_CHECKING:
    from shared.graphql.app import SubgraphApp

TRAFFIC: Final = TrafficConfig(Traffic(concurrency=Concurrency(requests=100, waiting=1_000)))
"""To subgraphs behind HTTP. Each has a pool of database connections that is a good deal smaller: what is more than a
few times as many waits better here, where tenants take turns, than there, where they do not."""


def serve_router(settings: StudiumSettings) -> int:
    """Serve the graph until told to stop."""
    end = telemetry.set_up("router", endpoint=settings.otlp_endpoint)
    app = _router_to_services(settings) if settings.subgraphs else _router_with_subgraphs(settings)
    serve(app, host=settings.host, port=settings.port)
    end()
    return 0


def _router_to_services(settings: StudiumSettings) -> Starlette:
    assert settings.subgraphs is not None  # noqa: S101 - the caller looked
    subgraphs = asyncio.run(read_subgraphs(settings.subgraphs))
    try:
        transports = build_transports({subgraph.name: subgraph.url for subgraph in subgraphs}, TRAFFIC)
    except TrafficError as error:
        raise CannotStart(str(error)) from error
    gateway = build_gateway(subgraphs, transports)
    hooks = Hooks(authenticating(create_verifier(settings)))
    return create_app(gateway, hooks=hooks, lifespan=_closing(gateway))


def _router_with_subgraphs(settings: StudiumSettings) -> Starlette:
    """The subgraphs run in this process and are called without HTTP."""
    from studium.composition import Parts, create_subgraph, running

    parts = Parts.create(settings)
    apps = [create_subgraph(name, parts) for name in SUBGRAPHS]
    gateway = build_gateway([Subgraph(app.name, f"http://{app.name}/graphql", app.sdl) for app in apps], _inside(apps))
    app = create_app(gateway, hooks=Hooks(authenticating(parts.verifier)), lifespan=running(parts, apps))
    auth = next(each for each in apps if each.name == "auth")
    app.router.routes.extend(
        route for route in auth.app.routes if getattr(route, "path", "").startswith("/.well-known")
    )
    return app


def _inside(apps: "Sequence[SubgraphApp]") -> Mapping[str, Transport]:
    return {app.name: InProcessTransport(app.service.execute, app.service.subscribe) for app in apps}


def _closing(gateway: Gateway) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: object) -> AsyncGenerator[None]:
        yield
        await gateway.aclose()

    return lifespan
