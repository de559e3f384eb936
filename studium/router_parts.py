"""What a router is made of beside its subgraphs: who may ask, for which tenant, for how much, and what is kept."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette

from router.execute import Transport
from router.serve.app import create_app
from router.serve.caching.caches import Caches, InvalidCaching
from router.serve.commands import persisted_operations
from router.serve.demand.control import DemandControl
from router.serve.http.config import HttpPolicy
from router.serve.life.draining import Draining
from router.serve.persisted import ManifestError
from router.serve.request import Hooks
from router.serve.sources import Source
from router.serve.streams.revocation import Revocations
from router.serve.traffic import CallHooks
from router.serve.variants.contracts import ContractError, Contracts
from router.supergraph import SupergraphError
from shared.events.connection import connect_patiently
from shared.tokens import TokenVerifier
from studium import ended_sessions, tenant_records
from studium.api_tokens import ApiTokens
from studium.demand import demand_of
from studium.dpop import Proofs, RequestsNamed, UsedAnywhere, UsedHere
from studium.embedded.errors import CannotStart
from studium.ended_sessions import EndedSessions
from studium.following import Following
from studium.gateway import Gateway, GatewayParts, authenticating
from studium.kept_answers import KeptAnswers
from studium.keys import public_url
from studium.observing import telemetry_of
from studium.router_policies import RouterPolicies
from studium.settings import StudiumSettings
from studium.tenant_records import TenantRecords

Lifespan: TypeAlias = Callable[[Any], AbstractAsyncContextManager[None]]

_METADATA: Final = "/.well-known/oauth-protected-resource/graphql"
"""Where the auth subgraph describes the graph as a resource. Source: RFC 9728, section 3.1."""
_BACK_SECONDS: Final = 60.0
"""What is kept is empty when a router starts; clocks may differ by less than this."""


class RouterParts:
    """The parts of one router, which outlive the supergraphs that it serves."""

    def __init__(self, settings: StudiumSettings, policies: RouterPolicies, verifier: TokenVerifier) -> None:
        """Make them; nothing is opened before the application starts.

        Raises:
            CannotStart: a manifest of trusted documents cannot be read.
        """
        self._settings = settings
        self._policies = policies
        self._serving: Gateway | None = None
        revocations = Revocations()
        self._ended = EndedSessions(revocations)
        self._records = TenantRecords(policies.tenants, self._transports, revocations, demand_of(settings).rates)
        self._answers = None if policies.caching is None else Caches(policies.caching)
        self._kept = None if self._answers is None else KeptAnswers(self._answers)
        self._redis = None if settings.redis_url is None else connect_patiently(settings.redis_url.get_secret_value())
        used = UsedHere() if self._redis is None else UsedAnywhere(self._redis)
        proofs = Proofs(public_url(settings), used)
        self.authenticate = authenticating(verifier, self._ended, ApiTokens(self._transports), proofs)
        self._hooks = Hooks(self.authenticate, revocations=revocations)
        try:
            persisted = persisted_operations(policies.persisted)
            for plan in policies.tenants.policies:
                if plan.persisted is not None:
                    persisted_operations(plan.persisted)
        except ManifestError as error:
            raise CannotStart(str(error)) from error
        self._control = DemandControl(demand_of(settings))
        self._gateway = GatewayParts(
            control=self._control,
            limits=policies.limits,
            persisted=persisted,
            errors=policies.errors,
            telemetry=telemetry_of(settings, policies.telemetry),
            tenancy=self._records.tenancy,
            answers=self._answers,
        )

    def calls(self, signing: CallHooks) -> CallHooks:
        """What is done around all requests to subgraphs, beside `signing` them."""
        return signing if self._kept is None else CallHooks(signing.before, (*signing.after, self._kept))

    def engine(self, source: Source, transports: Mapping[str, Transport]) -> Gateway:
        """What answers for one supergraph.

        Raises:
            SupergraphError: it is none.
            ValueError: what is to be kept of answers does not fit it.
        """
        return self._gateway.gateway(source, transports)

    def first_engine(self, source: Source, transports: Mapping[str, Transport]) -> Gateway:
        """The same for the first one, which shows whether the configuration can be.

        Raises:
            CannotStart: it cannot.
        """
        try:
            for plan in self._policies.tenants.policies:
                if plan.contract:
                    Contracts(source.supergraph_sdl).part(plan.contract)
            return self.engine(source, transports)
        except (SupergraphError, InvalidCaching, ContractError) as error:
            raise CannotStart("The graph cannot be served.", details=tuple(str(error).splitlines())) from error

    def app(
        self,
        gateway: Gateway,
        draining: Draining,
        *running: Lifespan,
        told: Callable[[], Mapping[str, Any]] | None = None,
    ) -> Starlette:
        """The application, within which `running` lives; at its end the gateway is closed."""
        self._serving = gateway

        @asynccontextmanager
        async def lifespan(app: object) -> AsyncGenerator[None]:
            async with AsyncExitStack() as stack:
                if self._redis is not None:
                    stack.push_async_callback(self._redis.aclose)
                for part in (self._answers, self._control, gateway):
                    if part is not None:
                        stack.push_async_callback(part.aclose)
                for each in (*running, self._following):
                    await stack.enter_async_context(each(app))
                yield

        policies = self._policies
        app = create_app(
            gateway,
            hooks=self._hooks,
            graphiql=policies.graphiql,
            http=self._http(),
            streams=policies.streams,
            lifespan=lifespan,
            draining=draining,
            told=told,
        )
        app.add_middleware(RequestsNamed)
        return app

    def _http(self) -> HttpPolicy:
        """What clients may do over HTTP, with where they learn who issues tokens, unless an operator names a place."""
        told = self._policies.http
        if told.resource_metadata is not None:
            return told
        return replace(told, resource_metadata=public_url(self._settings).rstrip("/") + _METADATA)

    def _transports(self) -> Mapping[str, Transport]:
        assert self._serving is not None  # noqa: S101 - nobody asks for a tenant before there is a server
        return self._serving.transports

    @asynccontextmanager
    async def _following(self, app: object) -> AsyncGenerator[None]:
        """Learn of what others do."""
        url = self._settings.redis_url
        async with AsyncExitStack() as stack:
            for each in () if url is None else self._followed():
                assert url is not None  # noqa: S101 - see above
                await stack.enter_async_context(each.on(url))
            yield

    def _followed(self) -> list[Following]:
        notes = {ended_sessions.TOPIC: self._ended.note, tenant_records.TOPIC: self._records.note}
        followed = [Following("auth", notes, back_seconds=ended_sessions.MEMORABLE_SECONDS)]
        if self._kept is not None:
            followed.append(Following("courses", self._kept.notes, back_seconds=_BACK_SECONDS))
        return followed
