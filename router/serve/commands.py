"""`python -m router serve`."""

import argparse
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from router.execute import HttpTransport
from router.serve.app import create_app
from router.serve.engine import Engine
from router.serve.request import Hooks, forwarding
from router.supergraph import Supergraph

if TYPE_CHECKING:
    # argparse gives this type no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def add_commands(subparsers: "Subparsers") -> None:
    """Add `serve`."""
    serve = subparsers.add_parser("serve", help="serve a supergraph over HTTP and WebSocket")
    serve.add_argument("--supergraph", type=Path, required=True, metavar="FILE", help="the composed supergraph")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    serve.add_argument("--port", type=int, default=4000, help="port to listen on (default: %(default)s)")
    serve.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS", help="of a subgraph's answer")
    serve.add_argument(
        "--forward", action="append", metavar="HEADER", help="client header that subgraphs get (default: authorization)"
    )
    serve.set_defaults(run=_serve)


def _serve(arguments: argparse.Namespace) -> int:
    import uvicorn

    sdl: str = arguments.supergraph.read_text(encoding="utf-8")
    headers: list[str] = arguments.forward or ["authorization"]
    app = build_app(sdl, timeout=arguments.timeout, hooks=Hooks(forwarding(*headers)))
    uvicorn.run(
        app,
        host=arguments.host,
        port=arguments.port,
        access_log=False,
        ws_per_message_deflate=False,  # it holds hundreds of kilobytes for every socket
    )
    return 0


def build_app(supergraph_sdl: str, *, timeout: float, hooks: Hooks) -> Starlette:
    """A router that reaches every subgraph at the URL in the supergraph."""
    supergraph = Supergraph.from_sdl(supergraph_sdl)
    transports = {name: HttpTransport(subgraph.url, timeout=timeout) for name, subgraph in supergraph.subgraphs.items()}
    engine = Engine.from_sdl(supergraph_sdl, transports)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        yield
        await engine.aclose()

    return create_app(engine, hooks=hooks, lifespan=lifespan)
