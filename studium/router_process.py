"""`studium router`: the graph, over subgraphs in this process or behind HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.applications import Starlette

from router.compose import Subgraph
from router.execute import InProcessTransport, Transport
from router.serve.app import create_app
from router.serve.commands import persisted_operations
from router.serve.demand.control import DemandControl
from router.serve.life.draining import Draining
from router.serve.persisted import ManifestError
from router.serve.request import Hooks
from router.serve.streams.revocation import Revocations
from router.serve.traffic import TrafficError, build_transports
from shared import telemetry
from shared.router_tokens import keys_of, public_keys
from shared.tokens import TokenVerifier, generate_signing_key
from studium.demand import demand_of
from studium.embedded.errors import CannotStart
from studium.ended_sessions import EndedSessions
from studium.gateway import Gateway, authenticating, build_gateway
from studium.keys import create_verifier
from studium.observing import telemetry_of
from studium.platform import SUBGRAPHS
from studium.router_policies import RouterPolicies, read_policies
from studium.serving import serve
from studium.settings import StudiumSettings
from studium.subgraphs_file import read_subgraphs
from studium.trust import introduction, signed, signing

if TYPE_CHECKING:
    from shared.graphql.app import SubgraphApp

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[None]]


def serve_router(settings: StudiumSettings) -> int:
    """Serve the graph until told to stop."""
    end = telemetry.set_up("router", endpoint=settings.otlp_endpoint)
    draining = Draining()
    make = _router_to_services if settings.subgraphs else _router_with_subgraphs
    try:
        serve(make(settings, draining), settings, draining)
    finally:
        end()
    return 0


def _router_to_services(settings: StudiumSettings, draining: Draining) -> Starlette:
    assert settings.subgraphs is not None  # noqa: S101 - the caller looked
    policies = read_policies(settings.router_config)
    subgraphs = asyncio.run(read_subgraphs(settings.subgraphs, lambda name: introduction(settings.router_key, name)))
    try:
        urls = {subgraph.name: subgraph.url for subgraph in subgraphs}
        transports = build_transports(urls, policies.traffic, signing(settings.router_key))
    except TrafficError as error:
        raise CannotStart(str(error)) from error
    gateway = _gateway(settings, policies, subgraphs, transports)
    hooks, following = _hooks(settings, create_verifier(settings))
    return _app(policies, gateway, hooks, _closing(gateway, following), draining)


def _router_with_subgraphs(settings: StudiumSettings, draining: Draining) -> Starlette:
    """The subgraphs run in this process and are called without HTTP, by nobody but this router."""
    from studium.composition import Parts, create_subgraph, running

    key = generate_signing_key()
    parts = replace(Parts.create(settings), router_keys=keys_of(public_keys(key)))
    apps = [create_subgraph(name, parts) for name in SUBGRAPHS]
    subgraphs = [Subgraph(app.name, f"http://{app.name}/graphql", app.sdl) for app in apps]
    policies = read_policies(settings.router_config)
    gateway = _gateway(settings, policies, subgraphs, signed(_inside(apps), key))
    hooks, following = _hooks(settings, parts.verifier)
    app = _app(policies, gateway, hooks, _closing(gateway, running(parts, apps), following), draining)
    auth = next(each for each in apps if each.name == "auth")
    app.router.routes.extend(
        route for route in auth.app.routes if getattr(route, "path", "").startswith("/.well-known")
    )
    return app


def _gateway(
    settings: StudiumSettings,
    policies: RouterPolicies,
    subgraphs: Sequence[Subgraph],
    transports: Mapping[str, Transport],
) -> Gateway:
    try:
        persisted = persisted_operations(policies.persisted)
    except ManifestError as error:
        raise CannotStart(str(error)) from error
    control = DemandControl(demand_of(settings))
    return build_gateway(
        subgraphs,
        transports,
        control,
        limits=policies.limits,
        persisted=persisted,
        errors=policies.errors,
        telemetry=telemetry_of(settings, policies.telemetry),
    )


def _app(policies: RouterPolicies, gateway: Gateway, hooks: Hooks, lifespan: Lifespan, draining: Draining) -> Starlette:
    return create_app(
        gateway,
        hooks=hooks,
        graphiql=policies.graphiql,
        http=policies.http,
        streams=policies.streams,
        lifespan=lifespan,
        draining=draining,
    )


def _hooks(settings: StudiumSettings, verifier: TokenVerifier) -> tuple[Hooks, Lifespan]:
    """Who may ask, and until when; the lifespan is that of learning who has signed out."""
    revocations = Revocations()
    ended = EndedSessions(revocations)

    def following(app: object) -> AbstractAsyncContextManager[None]:
        return nullcontext() if settings.redis_url is None else ended.following(settings.redis_url)

    return Hooks(authenticating(verifier, ended), revocations=revocations), following


def _inside(apps: "Sequence[SubgraphApp]") -> Mapping[str, Transport]:
    return {app.name: InProcessTransport(app.service.execute, app.service.subscribe) for app in apps}


def _closing(gateway: Gateway, *inner: Lifespan) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: object) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for each in inner:
                await stack.enter_async_context(each(app))
            yield
        await gateway.aclose()
        await gateway.control.aclose()

    return lifespan
