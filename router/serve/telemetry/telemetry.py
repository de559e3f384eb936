"""What is seen of one router, and where it can be looked at."""

from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from router.execute.transport import Transport
from router.serve.telemetry.config import Metrics, TelemetryConfig
from router.serve.telemetry.exposition import RouterCollector
from router.serve.telemetry.lag import LagWatch
from router.serve.telemetry.numbers import Numbers
from router.serve.telemetry.server import MetricsServer
from router.serve.telemetry.sighting import ClientName, Sighting
from router.serve.telemetry.watched import WatchedTransport

if TYPE_CHECKING:
    from router.serve.engine import Engine

LONGEST_NAME: Final = 100
"""Characters of what a client says that it is."""


class Telemetry:
    """Looks at all that one router does. It outlives the engines, of which there may be several at a time.

    Attributes:
        config: what it was made of.
        numbers: the counts.
        registry: of metrics; an owner of the router may add its own.
        metrics_port: where metrics are served while it runs; None for nowhere.
    """

    def __init__(self, config: TelemetryConfig | None = None) -> None:
        self.config = config or TelemetryConfig()
        self.metrics_port: int | None = None
        self.numbers = Numbers(self.config.metrics or Metrics())
        self.registry = CollectorRegistry()
        self._engines: WeakSet[Engine] = WeakSet()
        self.registry.register(RouterCollector(self.numbers, self._engines))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        names = self.config.client_name_header, self.config.client_version_header
        self._headers = {name.lower().encode(): index for index, name in enumerate(names)}

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve metrics, and look at the event loop, within the block.

        Raises:
            MetricsUnavailable: no port is free.
        """
        with ExitStack() as stack:
            metrics = self.config.metrics
            if metrics is not None:
                stack.callback(LagWatch(self.numbers.lag).close)
                if metrics.port is not None:
                    server = MetricsServer(self.registry, metrics)
                    stack.callback(server.close)
                    self.metrics_port = server.port
            yield

    def watch(self, engine: "Engine") -> None:
        """Look at an engine, too, for as long as it is in use."""
        self._engines.add(engine)

    def around(self, transports: Mapping[str, Transport]) -> dict[str, Transport]:
        """The transports, looked at."""
        return {name: WatchedTransport(each, self.numbers.subgraphs[name]) for name, each in transports.items()}

    def connection(self, headers: Iterable[tuple[bytes, bytes]], transport: str) -> Sighting:
        """Begin to look at a connection that carries operations, each of which is looked at by itself."""
        seen = self.request("", headers, transport)
        seen.carries = True
        return seen

    def request(self, method: str, headers: Iterable[tuple[bytes, bytes]], transport: str) -> Sighting:
        """Begin to look at a request over HTTP; who asked for it ends the sighting."""
        found = ["", ""]
        wanted = self._headers
        for name, value in headers:
            if name in wanted:
                found[wanted[name]] = value[:LONGEST_NAME].decode("latin-1")
        return Sighting(transport, ClientName(*found), self, method)

    @contextmanager
    def connected(self, transport: str) -> Generator[None]:
        """Count a connection that carries several operations within the block."""
        self.numbers.connections[transport] += 1
        try:
            yield
        finally:
            self.numbers.connections[transport] -= 1

    def ended(self, seen: Sighting) -> None:
        """Count what is over."""
        if seen.method:
            self.numbers.add_request(seen.method, seen.http_status)
        if seen.operation is None and (seen.codes is None or seen.carries):
            return  # it was no operation, or none that could not be seen by itself
        self.numbers.add_operation(seen, perf_counter() - seen.begun)
