"""`python -m router serve`."""

import argparse
import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.applications import Starlette

from router.execute import Transport
from router.serve.access.authenticate import by_token
from router.serve.access.enforcement import Access
from router.serve.access.options import add_access_options
from router.serve.app import PATH, create_app
from router.serve.caching.caches import Caches, InvalidCaching
from router.serve.caching.options import add_caching_options
from router.serve.config.hooks import FoundHooks, HookError, found
from router.serve.config.load import config_of
from router.serve.config.model import Callers, Listening, RouterConfig
from router.serve.config.nodes import ConfigurationError, Problem
from router.serve.config.options import Sets
from router.serve.config.printing import printed
from router.serve.config.urls import is_http
from router.serve.demand.control import DemandControl
from router.serve.demand.options import add_demand_options
from router.serve.engine import Engine
from router.serve.http.options import add_http_options
from router.serve.life.draining import Draining
from router.serve.life.live import LiveEngine
from router.serve.life.memory import collect_rarely, collect_soon
from router.serve.life.pools import Pools
from router.serve.life.reload import Reloader
from router.serve.life.seat import Seat
from router.serve.life.server import SERVER, become_supervisor, serve
from router.serve.life.watching import Origin, origin_of
from router.serve.masking.transport import InvalidMasking
from router.serve.persisted import ManifestError, PersistedOperations
from router.serve.persisted.options import add_persisted_options
from router.serve.persisted.policy import PersistedPolicy, Safelist
from router.serve.request import Authenticate, Hooks, forwarding
from router.serve.sources import Source, SourceError
from router.serve.streams.options import add_stream_options
from router.serve.telemetry.options import add_telemetry_options
from router.serve.telemetry.telemetry import Telemetry
from router.serve.traffic import TrafficError
from router.serve.traffic.options import add_traffic_options
from router.serve.turns import let_others_go_on
from router.serve.variants.contracts import ContractError, Contracts
from router.serve.variants.options import add_tenant_options
from router.serve.variants.tenancy import Tenancy
from router.supergraph import SupergraphError

if TYPE_CHECKING:
    # argparse gives this type no public name.
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

logger = logging.getLogger(__name__)

_LISTENING: Final = Listening()

REFUSED: Final = (
    ConfigurationError,
    HookError,
    SourceError,
    SupergraphError,
    TrafficError,
    ManifestError,
    ContractError,
    InvalidCaching,
    InvalidMasking,
)
"""Why there is nothing to serve."""


def add_commands(subparsers: "Subparsers") -> None:
    """Add `serve`."""
    serve = subparsers.add_parser("serve", help="serve a supergraph over HTTP and WebSocket")
    serve.add_argument("--config", type=Path, metavar="FILE", help="a YAML file, of which options change single keys")
    serve.add_argument(
        "--print-config", action="store_true", help="print the configuration, its secrets left out, and serve nothing"
    )
    _add_source_options(serve)
    _add_life_options(serve)
    add_access_options(serve)
    add_demand_options(serve)
    add_http_options(serve)
    add_persisted_options(serve)
    add_traffic_options(serve)
    add_stream_options(serve)
    add_telemetry_options(serve)
    add_caching_options(serve)
    add_tenant_options(serve)
    serve.set_defaults(run=_serve)


def _add_source_options(serve: argparse.ArgumentParser) -> None:
    """What is served."""
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
    source.add_argument(
        "--supergraph-url", action=Sets, key="supergraph.url", metavar="URL", help="a registry that answers either"
    )
    serve.add_argument(
        "--poll",
        action=Sets,
        key="supergraph.poll_seconds",
        metavar="SECONDS",
        help="between two looks for another supergraph; 0 for none but on SIGHUP (default: 5)",
    )


def _add_life_options(serve: argparse.ArgumentParser) -> None:
    """Where, and by how many."""
    serve.add_argument(
        "--workers", action=Sets, key="life.workers", metavar="N", help="processes that share the port (default: 1)"
    )
    serve.add_argument(
        "--grace",
        action=Sets,
        key="life.grace_seconds",
        metavar="SECONDS",
        help="from SIGTERM to the end, whatever still runs (default: 30)",
    )
    serve.add_argument(
        "--host", action=Sets, key="listen.host", help=f"address to listen on (default: {_LISTENING.host})"
    )
    serve.add_argument("--port", action=Sets, key="listen.port", help=f"port to listen on (default: {_LISTENING.port})")


def _serve(arguments: argparse.Namespace) -> int:
    try:
        config = config_of(arguments)
        if arguments.print_config:
            sys.stdout.write(printed(config))
            return 0
        listen, life = config.listen, config.life
        if life.workers > 1 and not Seat.is_taken():
            json_lines = config.telemetry.logs is not None
            command = [sys.executable, *sys.orig_argv[1:]]
            become_supervisor(command, host=listen.host, port=listen.port, life=life, json_lines=json_lines)
        collect_rarely()
        let_others_go_on()
        router = asyncio.run(router_of(config))
        serve(
            router.app,
            host=listen.host,
            port=listen.port,
            life=life,
            draining=router.draining,
            look_again=router.reloader.look_now,
            announce=partial(_announce, config),
            options={**SERVER, "ws_max_size": config.limits.body_bytes, "timeout_keep_alive": listen.idle_seconds},
        )
    except (*REFUSED, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _announce(config: RouterConfig, address: str) -> None:
    """Say where clients are answered, in the log if there is one."""
    text = f"Serving http://{address}{PATH}"
    if config.telemetry.logs is None:
        sys.stderr.write(f"{text}\n")
    else:
        logger.info(text)


class Router(NamedTuple):
    """A router ready to be served.

    Attributes:
        engine: answers.
        draining: to be told when the process is about to end.
        reloader: looks for other supergraphs as long as the application lives.
    """

    app: Starlette
    engine: LiveEngine
    draining: Draining
    reloader: Reloader


async def check(config: RouterConfig) -> None:
    """Make the router that a configuration describes, as far as that takes nothing but files, and let go of it.

    Raises:
        Exception: one of `REFUSED`, as `router_of` says.
    """
    _refuse_missing_keys(config.access)
    if config.supergraph.url is None:
        router = await router_of(config)
        await router.engine.aclose()
        return
    _tenancy(config, found(config.hooks))
    persisted_operations(config.persisted)


def _refuse_missing_keys(callers: Callers) -> None:
    """Refuse a key set that is neither a URL nor a file.

    Raises:
        ConfigurationError: there is one.
    """
    for number, issuer in enumerate(() if callers.tokens is None else callers.tokens.issuers):
        if not is_http(issuer.jwks) and not Path(issuer.jwks).is_file():
            place = ("access", "tokens", "issuers", number, "jwks")
            raise ConfigurationError([Problem(place, "There is no such file.", "the configuration")])


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


async def router_of(config: RouterConfig) -> Router:
    """The router that a configuration describes, over the supergraph that there is now.

    Raises:
        SourceError: the supergraph cannot be had.
        SupergraphError: it is none.
        TrafficError: its subgraphs cannot be reached as they are to be.
        ManifestError: a file does not say which documents are trusted, or none does and others are refused.
        ContractError: a plan shows nothing that could be served.
        InvalidCaching: what is to be kept of answers does not fit the supergraph.
        InvalidMasking: errors are told of a subgraph that there is not.
        HookError: a function that is named is not there.
    """
    hooks = found(config.hooks)
    answers = None if config.caching is None else Caches(config.caching)
    control, draining, pools = DemandControl(config.demand), Draining(), Pools(config.traffic, hooks.calls)
    access, persisted = Access(config.access.reject, hooks.policies), persisted_operations(config.persisted)
    telemetry = Telemetry(config.telemetry) if config.telemetry.is_active else None
    tenancy = _tenancy(config, hooks)

    def make(source: Source, transports: Mapping[str, Transport]) -> Engine:
        return Engine.from_sdl(
            source.supergraph_sdl,
            transports,
            config.limits,
            defer=config.defer,
            access=access,
            persisted=persisted,
            control=control,
            answers=answers,
            errors=config.errors,
            telemetry=telemetry,
            tenancy=tenancy,
        )

    origin = origin_of(config.supergraph)
    source = await _first(origin)
    _refuse_empty_contracts(config, source)
    transports = pools.of(source)
    live = LiveEngine(make(source, transports), transports, collect_soon)
    reloader = Reloader(source.id, origin, pools, make, live, config.supergraph)

    app = create_app(
        live,
        hooks=Hooks(hooks.authenticate or authentication_of(config.access)),
        graphiql=config.graphiql,
        http=config.http,
        streams=config.streams,
        lifespan=partial(_living, live, reloader, control, answers),
        draining=draining,
        told=reloader.told,
    )
    return Router(app, live, draining, reloader)


def _refuse_empty_contracts(config: RouterConfig, source: Source) -> None:
    """Refuse plans that show nothing which could be served.

    Raises:
        ContractError: there is one.
    """
    for plan in config.tenants.plans.values():
        if plan.contract:
            Contracts(source.supergraph_sdl).part(plan.contract)


@asynccontextmanager
async def _living(
    live: LiveEngine, reloader: Reloader, control: DemandControl, answers: Caches | None, _: Starlette
) -> AsyncGenerator[None]:
    """As long as the application lives, look for other supergraphs; let go of all that is held when it ends."""
    async with reloader.running():
        yield
    await live.aclose()
    await control.aclose()
    if answers is not None:
        await answers.aclose()


def _tenancy(config: RouterConfig, hooks: FoundHooks) -> Tenancy | None:
    """The tenants that a configuration knows; None where it knows of none.

    Raises:
        ManifestError: a plan's list of operations is none.
        TrafficError: a plan has a placement that no subgraph has.
    """
    for name, plan in config.tenants.plans.items():
        if plan.persisted is not None:
            persisted_operations(plan.persisted)
        if plan.placement is not None and plan.placement not in config.traffic.placements:
            raise TrafficError(f"No subgraph has the placement {plan.placement!r} of the plan {name!r}.")
    if not config.tenants.is_active and hooks.tenant_policy is None:
        return None
    return Tenancy(config.tenants, policy_of=hooks.tenant_policy, audit=hooks.audit)


async def _first(origin: Origin) -> Source:
    """What there is before anything is served.

    Raises:
        SourceError: it cannot be had, or is none.
    """
    try:
        source = await origin.look()
    finally:
        await origin.aclose()
    assert source is not None  # noqa: S101  # it is the first time
    return source
