"""All settings of `python -m router serve`.

A part of the router has its settings as a frozen dataclass of its own, of texts, numbers, switches, paths,
enumerations, tuples, mappings and such dataclasses; it becomes configurable by being a field here. What a program alone
can give has the metadata `UNCONFIGURED`, what must never be printed `repr=False`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from router.serve.access.authenticate import TokenAuthentication
from router.serve.caching.config import Caching
from router.serve.config.hooks import HookNames
from router.serve.config.urls import is_http
from router.serve.demand.config import Demand
from router.serve.http.config import HttpPolicy
from router.serve.life.settings import Life
from router.serve.limits import Limits
from router.serve.masking.config import ErrorPolicy
from router.serve.persisted.policy import PersistedPolicy
from router.serve.streams.settings import StreamSettings
from router.serve.telemetry.config import TelemetryConfig
from router.serve.traffic.config import TrafficConfig
from router.serve.traffic.rules import Propagate
from router.serve.variants.settings import TenancySettings


@dataclass(frozen=True, slots=True)
class SupergraphSource:
    """Where the supergraph comes from: one of `file`, `subgraphs` and `url`. It is looked at again while it is served.

    Attributes:
        file: the composed supergraph.
        subgraphs: a JSON list of subgraphs to compose: `name`, `url`, `sdl` and perhaps `subscription` each.
        url: of a registry, which answers the composed supergraph, or JSON with it as `supergraphSdl`, or JSON with
            `subgraphs` as in such a file.
        token: that the registry is asked with, as `Authorization: Bearer`.
        poll_seconds: between two looks, more or less; 0 looks when a SIGHUP comes, and else never.
        timeout_seconds: that the registry has to answer.
        most_bytes: of the registry's answer.
        warm_operations: that were asked for last and are planned for another supergraph before it is taken.
        warm_seconds: that this may take.
    """

    file: Path | None = None
    subgraphs: Path | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    poll_seconds: float = 5.0
    timeout_seconds: float = 10.0
    most_bytes: int = 50_000_000
    warm_operations: int = 200
    warm_seconds: float = 10.0

    def __post_init__(self) -> None:
        """Raises: ValueError: none is given, or several are, or the URL is none."""
        if sum(each is not None for each in (self.file, self.subgraphs, self.url)) != 1:
            raise ValueError("Say where the supergraph comes from, once: `file`, `subgraphs` or `url`.")
        if self.url is not None and not is_http(self.url):
            raise ValueError("The URL of the supergraph has to begin with http:// or https:// and a host: `url`.")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where clients reach the router.

    Attributes:
        host: address to listen on.
        port: to listen on.
        idle_seconds: after which a connection is closed over which nothing is asked. A proxy before the router has to
            close its own earlier: it would send a request over one that is just being closed, and have no answer.
    """

    host: str = "127.0.0.1"
    port: int = 4000
    idle_seconds: float = 75.0

    def __post_init__(self) -> None:
        """Raises: ValueError: there is no such port, or no connection could be used twice."""
        if self.idle_seconds <= 0:
            raise ValueError("Connections need some time between two requests: `idle_seconds`.")
        if self.port > 65_535:  # noqa: PLR2004  # the largest of all ports
            raise ValueError("The port must be at most 65535.")


@dataclass(frozen=True, slots=True)
class Callers:
    """Who may ask, and what becomes of what they may not see.

    Attributes:
        tokens: access tokens that tell who asks; null lets everybody ask, and nobody is known.
        forward: headers of clients that subgraphs get.
        reject: refuse operations that select what their caller may not see; otherwise that is null, with an error for
            each place.
    """

    tokens: TokenAuthentication | None = None
    forward: tuple[str, ...] = ("authorization",)
    reject: bool = False


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """The configuration of a router.

    Attributes:
        supergraph: what is served.
        listen: where clients reach it.
        life: how it ends, and in how many processes it lives.
        access: who may ask.
        http: what clients may do over HTTP.
        streams: how subscriptions and other answers in parts behave.
        defer: let clients ask for parts of an answer later.
        graphiql: serve a page to browsers on which operations can be tried out.
        limits: of what clients send and ask for.
        demand: what operations may cost, and who may ask for how much.
        persisted: documents that clients name instead of sending them.
        tenants: what each of them sees, may spend and is served from, and where requests may name one.
        traffic: how subgraphs are asked.
        errors: what clients are told of the errors of subgraphs.
        telemetry: what is seen of the router.
        caching: what is kept of answers; null keeps nothing.
        hooks: functions of one's own that decide what no configuration can say.
    """

    supergraph: SupergraphSource
    listen: Listening = field(default_factory=Listening)
    life: Life = field(default_factory=Life)
    access: Callers = field(default_factory=Callers)
    http: HttpPolicy = field(default_factory=HttpPolicy)
    streams: StreamSettings = field(default_factory=StreamSettings)
    defer: bool = True
    graphiql: bool = True
    limits: Limits = field(default_factory=Limits)
    demand: Demand = field(default_factory=Demand)
    persisted: PersistedPolicy = field(default_factory=PersistedPolicy)
    tenants: TenancySettings = field(default_factory=TenancySettings)
    traffic: TrafficConfig = field(default_factory=TrafficConfig)
    errors: ErrorPolicy = field(default_factory=ErrorPolicy)
    telemetry: TelemetryConfig = field(default_factory=TelemetryConfig)
    caching: Caching | None = None
    hooks: HookNames = field(default_factory=HookNames)

    def __post_init__(self) -> None:
        """Raises: ValueError: parts do not go together."""
        if self.hooks.authenticate is not None and self.access.tokens is not None:
            raise ValueError("Say who tells who asks, once: `access.tokens` or `hooks.authenticate`.")
        if self.hooks.tenant_policy is not None and self.tenants.plans:
            raise ValueError("Say what holds for tenants, once: `tenants.plans` or `hooks.tenant_policy`.")
        metrics, caching, workers = self.telemetry.metrics, self.caching, self.life.workers
        if metrics is not None and metrics.port and metrics.ports < workers:
            raise ValueError(
                f"Each worker serves metrics at a port of its own: `telemetry.metrics.ports` ({metrics.ports}) has to "
                f"be at least `life.workers` ({workers})."
            )
        if caching is not None and caching.invalidation_secret and not caching.redis_url and workers > 1:
            raise ValueError(
                "One worker cannot invalidate what others keep in memory: `caching.invalidation_secret` with "
                "`life.workers` above 1 needs `caching.redis_url`."
            )
        kept_out = next(self._kept_out(), None)
        if kept_out is not None and self.hooks.authenticate is None:
            raise ValueError(f"No header {kept_out} is there to be propagated: let it through with `access.forward`.")

    def _kept_out(self) -> Iterator[str]:
        """Headers that rules propagate by name, and that are not let through."""
        through = {name.lower() for name in self.access.forward}
        traffic = self.traffic
        for rule in chain(traffic.headers, *(each.headers for each in traffic.subgraphs.values())):
            if isinstance(rule, Propagate) and rule.name is not None and rule.name.lower() not in through:
                yield rule.name
