"""`python -m router serve`."""

import argparse
import gc
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from starlette.applications import Starlette

from router.serve.access.authenticate import by_token
from router.serve.access.enforcement import Access
from router.serve.access.options import add_access_options
from router.serve.app import create_app
from router.serve.config.load import config_of
from router.serve.config.model import Callers, Listening, RouterConfig
from router.serve.config.nodes import ConfigurationError
from router.serve.config.options import Sets
from router.serve.config.printing import printed
from router.serve.demand.config import Demand
from router.serve.demand.control import DemandControl
from router.serve.demand.options import add_demand_options
from router.serve.engine import Engine
from router.serve.http.config import HttpPolicy
from router.serve.http.options import add_http_options
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.persisted import ManifestError, PersistedOperations
from router.serve.persisted.options import add_persisted_options
from router.serve.persisted.policy import PersistedPolicy, Safelist
from router.serve.request import Authenticate, Hooks, forwarding
from router.serve.sources import Source, SourceError, read_source
from router.serve.streams.options import add_stream_options
from router.serve.streams.settings import StreamSettings
from router.serve.telemetry.config import TelemetryConfig
from router.serve.telemetry.options import add_telemetry_options
from router.serve.telemetry.telemetry import Telemetry
from router.serve.traffic import TrafficConfig, TrafficError, build_transports
from router.serve.traffic.options import add_traffic_options
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

_LISTENING: Final = Listening()


def add_commands(subparsers: "Subparsers") -> None:
    """Add `serve`."""
    serve = subparsers.add_parser("serve", help="serve a supergraph over HTTP and WebSocket")
    serve.add_argument("--config", type=Path, metavar="FILE", help="a YAML file, of which options change single keys")
    serve.add_argument(
        "--print-config", action="store_true", help="print the configuration, its secrets left out, and serve nothing"
    )
    source = serve.add_mutually_exclusive_group()
    source.add_argument(
        "--supergraph", action=Sets, key="supergraph.file", metavar="FILE", help="the composed supergraph"
    )
    source.add_argument(
        "--subgraphs",
        action=Sets,
        key="supergraph.subgraphs",
        metavar="FILE",
        help="a JSON list of subgraphs to compose: name, url, sdl",
    )
    serve.add_argument(
        "--host", action=Sets, key="listen.host", help=f"address to listen on (default: {_LISTENING.host})"
    )
    serve.add_argument("--port", action=Sets, key="listen.port", help=f"port to listen on (default: {_LISTENING.port})")
    add_access_options(serve)
    add_demand_options(serve)
    add_http_options(serve)
    add_persisted_options(serve)
    add_traffic_options(serve)
    add_stream_options(serve)
    add_telemetry_options(serve)
    serve.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    import uvicorn

    try:
        config = config_of(arguments)
        if arguments.print_config:
            sys.stdout.write(printed(config))
            return 0
        app = app_of(config)
    except (ConfigurationError, SourceError, SupergraphError, TrafficError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    _collect_rarely()
    uvicorn.run(app, host=config.listen.host, port=config.listen.port, **SERVER)
    return 0


def _collect_rarely() -> None:
    """Leave the supergraph out of all garbage collections, and run them for many objects at once.

    Requests under way hold thousands of objects each and hardly any cycles: going through them over and over costs an
    eighth of a large request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def app_of(config: RouterConfig) -> Starlette:
    """The application that a configuration describes.

    Raises:
        SourceError: the files do not say what to serve.
        SupergraphError: the supergraph is none.
        TrafficError: its subgraphs cannot be reached as they are to be.
        ManifestError: a file does not say which documents are trusted, or none does and others are refused.
    """
    access = config.access
    return build_app(
        read_source(config.supergraph),
        traffic=config.traffic,
        hooks=Hooks(authentication_of(access)),
        access=Access(reject=access.reject),
        http=config.http,
        persisted=persisted_operations(config.persisted),
        streams=config.streams,
        limits=config.limits,
        demand=config.demand,
        defer=config.defer,
        graphiql=config.graphiql,
        errors=config.errors,
        telemetry=config.telemetry,
    )


def authentication_of(callers: Callers) -> Authenticate:
    """Tells who asks, as the configuration says."""
    if callers.tokens is None:
        return forwarding(*callers.forward)
    return by_token(replace(callers.tokens, forward=callers.forward))


def persisted_operations(policy: PersistedPolicy) -> PersistedOperations:
    """What clients may name, and send.

    Raises:
        ManifestError: a file does not say which documents are trusted, or none does and others are refused.
    """
    if policy.safelist is not Safelist.OFF and not policy.manifests:
        raise ManifestError("Say which documents are trusted: persisted.manifests, or --persisted.")
    return PersistedOperations(policy)


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
    graphiql: bool = True,
    errors: ErrorPolicy | None = None,
    telemetry: TelemetryConfig | None = None,
) -> Starlette:
    """A router that reaches every subgraph at its URL, and at those that the configuration adds.

    Raises:
        SupergraphError: the supergraph is none.
        TrafficError: there is no such subgraph as the configuration names, or a URL has credentials.
    """
    transports = build_transports(source.urls, traffic, subscriptions=source.subscriptions)
    control = DemandControl(demand)
    engine = Engine.from_sdl(
        source.supergraph_sdl,
        transports,
        limits,
        defer=defer,
        access=access,
        persisted=persisted,
        control=control,
        errors=errors,
        telemetry=Telemetry(telemetry) if telemetry is not None and telemetry.is_active else None,
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        yield
        await engine.aclose()
        await control.aclose()

    return create_app(engine, hooks=hooks, graphiql=graphiql, http=http, streams=streams, lifespan=lifespan)
