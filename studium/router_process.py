"""`studium router`: the graph, over subgraphs in this process or behind HTTP."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.applications import Starlette

from router.compose import Subgraph
from router.execute import InProcessTransport, Transport
from router.serve.config.model import SupergraphSource
from router.serve.life.draining import Draining
from router.serve.life.live import LiveEngine
from router.serve.life.memory import collect_rarely, collect_soon
from router.serve.life.pools import Pools
from router.serve.life.reload import Reloader
from router.serve.life.seat import Seat
from router.serve.sources import SourceError
from router.serve.traffic import CallHooks, TrafficError, steered
from router.serve.turns import let_others_go_on
from shared import telemetry
from shared.router_tokens import keys_of, public_keys
from shared.tokens import generate_signing_key
from studium.embedded.errors import CannotStart
from studium.keys import create_verifier
from studium.platform import SUBGRAPHS
from studium.public_endpoints import AUTH_PATHS, USERS_PATHS, SubgraphProxy, introducing, own_routes
from studium.router_parts import RouterParts
from studium.router_policies import read_policies
from studium.serving import serve, supervise
from studium.settings import StudiumSettings
from studium.subgraphs_file import routing_urls
from studium.supergraph import RunningSubgraphs, first
from studium.trust import introduction, signing

if TYPE_CHECKING:
    from shared.graphql.app import SubgraphApp

_ONE: Final = "Subgraphs in the router's process are those of one worker: set STUDIUM_SUBGRAPHS, or STUDIUM_WORKERS=1."


class Router(NamedTuple):
    """A router ready to be served; `look_again` has it look for another supergraph."""

    app: Starlette
    look_again: Callable[[], None] | None = None


def serve_router(settings: StudiumSettings) -> int:
    """Serve the graph until told to stop."""
    if settings.workers > 1 and not Seat.is_taken():
        if settings.subgraphs is None:
            raise CannotStart(_ONE)
        supervise([sys.executable, *sys.orig_argv[1:]], settings)
    end = telemetry.set_up("router", endpoint=settings.otlp_endpoint)
    draining = Draining()
    make = router_to_services if settings.subgraphs else router_with_subgraphs
    collect_rarely()
    let_others_go_on()
    try:
        router = make(settings, draining)
        serve(router.app, settings, draining, router.look_again)
    finally:
        end()
    return 0


def router_to_services(settings: StudiumSettings, draining: Draining) -> Router:
    """The subgraphs are asked over HTTP, and for their schemas again and again."""
    assert settings.subgraphs is not None  # noqa: S101 - the caller looked
    policies = read_policies(settings.router_config)
    parts = RouterParts(settings, policies, create_verifier(settings))
    origin = RunningSubgraphs(settings.subgraphs, lambda name: introduction(settings.router_key, name))
    pools = Pools(policies.traffic, parts.calls(signing(settings.router_key)))
    try:
        source = asyncio.run(origin.look())
        assert source is not None  # noqa: S101 - it is the first time
        transports = pools.of(source)
    except (SourceError, TrafficError) as error:
        raise CannotStart("The graph cannot be served.", details=tuple(str(error).splitlines())) from error
    live = LiveEngine(parts.first_engine(source, transports), transports, collect_soon)
    watched = SupergraphSource(file=settings.subgraphs, poll_seconds=settings.schema_poll_seconds)
    reloader = Reloader(source.id, origin, pools, parts.engine, live, watched)

    @asynccontextmanager
    async def reloading(app: object) -> AsyncGenerator[None]:
        async with reloader.running():
            yield

    proxies = _proxies(settings, parts)
    app = parts.app(live, draining, reloading, *(proxy.running for proxy in proxies), told=reloader.told)
    for proxy in proxies:
        app.router.routes.extend(proxy.routes())
    return Router(app, reloader.look_now)


def _proxies(settings: StudiumSettings, parts: RouterParts) -> list[SubgraphProxy]:
    """To the endpoints of subgraphs behind HTTP, the more particular ones first."""
    found: list[SubgraphProxy] = []
    users = routing_urls(settings.subgraphs).get("users") if settings.subgraphs else None
    if users is not None:
        introduce = introducing(parts.authenticate, settings.router_key, "users")
        found.append(SubgraphProxy(users, USERS_PATHS, introduce))
    if settings.jwks_url is not None:
        found.append(SubgraphProxy(settings.jwks_url, AUTH_PATHS))
    return found


def router_with_subgraphs(settings: StudiumSettings, draining: Draining) -> Router:
    """The subgraphs run in this process and are called without HTTP, by nobody but this router."""
    from studium.composition import Parts, create_subgraph, running

    key = generate_signing_key()
    inside = replace(Parts.create(settings), router_keys=keys_of(public_keys(key)))
    apps = [create_subgraph(name, inside) for name in SUBGRAPHS]
    parts = RouterParts(settings, read_policies(settings.router_config), inside.verifier)
    source = first([Subgraph(app.name, f"http://{app.name}/graphql", app.sdl) for app in apps])
    gateway = parts.first_engine(source, transports_to(apps, parts.calls(signing(key))))
    app = parts.app(gateway, draining, running(inside, apps))
    by_name = {each.name: each.app.routes for each in apps}
    app.router.routes.extend(own_routes(by_name["users"], introducing(parts.authenticate, key, "users")))
    app.router.routes.extend(own_routes(by_name["auth"]))
    return Router(app)


def transports_to(apps: "Sequence[SubgraphApp]", hooks: CallHooks) -> dict[str, Transport]:
    """How subgraphs in this process are asked."""
    inside = {app.name: InProcessTransport(app.service.execute, app.service.subscribe) for app in apps}
    return {name: steered(transport, hooks=hooks) for name, transport in inside.items()}
