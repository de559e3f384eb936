"""`python -m router serve`."""

import argparse
import gc
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette

from router.execute import Subscriptions
from router.serve.access.enforcement import Access
from router.serve.access.options import AccessError, access_of, add_access_options, authentication_of
from router.serve.app import create_app
from router.serve.demand.config import Demand
from router.serve.demand.control import DemandControl
from router.serve.demand.options import DemandError, add_demand_options, demand_of, limits_of
from router.serve.engine import Engine
from router.serve.http.config import HttpPolicy, PolicyError
from router.serve.http.options import add_http_options, http_of
from router.serve.limits import Limits
from router.serve.persisted import ManifestError, PersistedOperations
from router.serve.persisted.options import add_persisted_options, persisted_of
from router.serve.request import Hooks
from router.serve.sources import Source, SourceError, of_subgraphs, of_supergraph
from router.serve.streams.options import add_stream_options, streams_of
from router.serve.streams.settings import StreamSettings
from router.serve.traffic import TrafficConfig, TrafficError, build_transports
from router.serve.traffic.options import add_traffic_options, traffic_of
from router.supergraph import SupergraphError

if TYPE_CHECKING:
    # argparse gives this type no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

SERVER: Final[Mapping[str, Any]] = {
    "loop": "uvloop",
    "http": "httptools",
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "date_header": False,
    "ws_per_message_deflate": False,  # it holds hundreds of kilobytes for every socket
}
"""How uvicorn serves a router."""


def add_commands(subparsers: "Subparsers") -> None:
    """Add `serve`."""
    serve = subparsers.add_parser("serve", help="serve a supergraph over HTTP and WebSocket")
    source = serve.add_mutually_exclusive_group(required=True)
    source.add_argument("--supergraph", type=Path, metavar="FILE", help="the composed supergraph")
    source.add_argument(
        "--subgraphs", type=Path, metavar="FILE", help="a JSON list of subgraphs to compose: name, url, sdl"
    )
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=4000, help="port to listen on (default: %(default)s)")
    serve.add_argument(
        "--forward", action="append", metavar="HEADER", help="client header that subgraphs get (default: authorization)"
    )
    serve.add_argument(
        "--subscription",
        action="append",
        default=[],
        metavar="NAME=PROTOCOL",
        help=f"of a subgraph's subscriptions: {', '.join(each.value for each in Subscriptions)} (default: websocket)",
    )
    add_access_options(serve)
    add_demand_options(serve)
    add_http_options(serve)
    add_persisted_options(serve)
    add_traffic_options(serve)
    add_stream_options(serve)
    serve.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    import uvicorn

    try:
        app = _app(arguments)
    except (SourceError, SupergraphError, TrafficError, AccessError, PolicyError, ManifestError, DemandError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _collect_rarely()
    uvicorn.run(app, host=arguments.host, port=arguments.port, **SERVER)
    return 0


def _collect_rarely() -> None:
    """Leave the supergraph out of all garbage collections, and run them for many objects at once.

    Requests under way hold thousands of objects each and hardly any cycles: going through them over and over costs an
    eighth of a large request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _app(arguments: argparse.Namespace) -> Starlette:
    """The application that the command line asks for.

    Raises:
        SourceError: the files do not say what to serve.
        SupergraphError: the supergraph is none.
        TrafficError: its subgraphs cannot be reached as they are to be.
        AccessError: it is not said whose tokens are accepted.
        PolicyError: it would let every site read every user's data.
        ManifestError: a file does not say which documents are trusted.
        DemandError: an option about limits or rates says nothing that could be.
    """
    source = of_subgraphs(arguments.subgraphs) if arguments.subgraphs else of_supergraph(arguments.supergraph)
    headers: list[str] = arguments.forward or ["authorization"]
    return build_app(
        source.with_subscriptions(arguments.subscription),
        traffic=traffic_of(arguments),
        hooks=Hooks(authentication_of(arguments, tuple(headers))),
        access=access_of(arguments),
        http=http_of(arguments),
        persisted=persisted_of(arguments),
        streams=streams_of(arguments),
        limits=limits_of(arguments),
        demand=demand_of(arguments),
        defer=arguments.defer,
    )


def build_app(  # noqa: PLR0913  # parts of a router that have nothing to do with each other
    source: Source,
    *,
    hooks: Hooks,
    traffic: TrafficConfig | None = None,
    access: Access | None = None,
    http: HttpPolicy | None = None,
    persisted: PersistedOperations | None = None,
    streams: StreamSettings | None = None,
    limits: Limits | None = None,
    demand: Demand | None = None,
    defer: bool = True,
) -> Starlette:
    """A router that reaches every subgraph at its URL, and at those that the configuration adds.

    Raises:
        SupergraphError: the supergraph is none.
        TrafficError: there is no such subgraph as the configuration names, or a URL has credentials.
    """
    transports = build_transports(source.urls, traffic, subscriptions=source.subscriptions)
    control = DemandControl(demand)
    engine = Engine.from_sdl(
        source.supergraph_sdl, transports, limits, defer=defer, access=access, persisted=persisted, control=control
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        yield
        await engine.aclose()
        await control.aclose()

    return create_app(engine, hooks=hooks, http=http, streams=streams, lifespan=lifespan)
