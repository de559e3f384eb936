"""What is seen of one router, and where it can be looked at."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import (
    AbstractContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from time import perf_counter
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

from opentelemetry.trace import TracerProvider
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from router.execute.transport import Transport
from router.serve.life.seat import Seat
from router.serve.telemetry.access_log import log_operation
from router.serve.telemetry.config import Metrics, TelemetryConfig
from router.serve.telemetry.exposition import RouterCollector
from router.serve.telemetry.lag import LagWatch
from router.serve.telemetry.logs import set_up_logs
from router.serve.telemetry.numbers import Numbers
from router.serve.telemetry.reports import Reporter, metering_record, usage_record
from router.serve.telemetry.server import MetricsServer, MetricsUnavailable
from router.serve.telemetry.sighting import ClientName, Sighting
from router.serve.telemetry.sinks import sink_of
from router.serve.telemetry.tracing import Tracer
from router.serve.telemetry.watched import WatchedTransport

if TYPE_CHECKING:
    from router.serve.engine import Engine

logger = logging.getLogger(__name__)

LONGEST_HEADER: Final = 512
"""Bytes of a header that are looked at."""

_PORT_SECONDS: Final = 0.5
"""Between two looks whether a port for metrics has become free."""

LONGEST_NAME: Final = 100
"""Characters of what a client says that it is."""

_REQUEST_ID, _TRACE_PARENT, _TRACE_STATE = b"x-request-id", b"traceparent", b"tracestate"


class Telemetry:
    """Looks at all that one router does. It outlives the engines, of which there may be several at a time.

    Attributes:
        config: what it was made of.
        numbers: the counts.
        registry: of metrics; an owner of the router may add its own.
        metrics_port: where metrics are served while it runs; None for nowhere.
        reporters: of usage and metering.
    """

    def __init__(self, config: TelemetryConfig | None = None, provider: TracerProvider | None = None) -> None:
        """Args: `provider` makes spans in place of what the configuration says."""
        self.config = config or TelemetryConfig()
        self.metrics_port: int | None = None
        self.numbers = Numbers(self.config.metrics or Metrics())
        self.reporters = tuple(self._reporters())
        self.registry = CollectorRegistry()
        self._engines: WeakSet[Engine] = WeakSet()
        self.registry.register(RouterCollector(self.numbers, self._engines, self.reporters))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._tracer = None if self.config.tracing is None else Tracer(self.config.tracing, provider)
        self._logs_operations = self.config.logs is not None and self.config.logs.operations
        self._name = self.config.client_name_header.lower().encode()
        self._version = self.config.client_version_header.lower().encode()
        self._wanted = frozenset({self._name, self._version, _REQUEST_ID, _TRACE_PARENT, _TRACE_STATE})

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve metrics, look at the event loop, and write logs and reports within the block.

        Raises:
            MetricsUnavailable: no port is free.
        """
        async with AsyncExitStack() as stack:
            if self.config.logs is not None:
                stack.callback(set_up_logs(self.config.logs))
            if self._tracer is not None:
                stack.push_async_callback(asyncio.to_thread, self._tracer.close)
            metrics = self.config.metrics
            if metrics is not None:
                stack.callback(LagWatch(self.numbers.lag).close)
                if metrics.port is not None:
                    await stack.enter_async_context(self._serving(metrics))
            for each in self.reporters:
                await stack.enter_async_context(_reporting(each))
            yield

    @asynccontextmanager
    async def _serving(self, metrics: Metrics) -> AsyncGenerator[None]:
        """Serve metrics within the block; a worker among others as soon as the one before it has left its port.

        Raises:
            MetricsUnavailable: no port is free.
        """
        with ExitStack() as stack:
            try:
                self._serve(metrics, stack)
            except MetricsUnavailable as error:
                if not Seat.is_taken():
                    raise
                logger.info("%s It is tried again until one is.", error)
                waiting = asyncio.create_task(self._serve_later(metrics, stack))
                stack.callback(waiting.cancel)
            yield

    async def _serve_later(self, metrics: Metrics, stack: ExitStack) -> None:
        while self.metrics_port is None:
            await asyncio.sleep(_PORT_SECONDS)
            with suppress(MetricsUnavailable):
                self._serve(metrics, stack)

    def _serve(self, metrics: Metrics, stack: ExitStack) -> None:
        server = MetricsServer(self.registry, metrics)
        stack.callback(server.close)
        self.metrics_port = server.port

    def watch(self, engine: "Engine") -> None:
        """Look at an engine, too, for as long as it is in use."""
        self._engines.add(engine)

    def around(self, transports: Mapping[str, Transport]) -> dict[str, Transport]:
        """The transports, looked at."""
        traced = transports if self._tracer is None else self._tracer.around(transports)
        return {name: WatchedTransport(each, self.numbers.subgraphs[name]) for name, each in traced.items()}

    def step(self, name: str) -> AbstractContextManager[None]:
        """A part of what is done for a request, that takes long enough to be seen by itself."""
        return nullcontext() if self._tracer is None else self._tracer.step(name)

    def request(self, method: str, headers: Iterable[tuple[bytes, bytes]], transport: str) -> Sighting:
        """Begin to look at a request over HTTP; who asked for it ends the sighting."""
        seen = self._sighting(method, headers, transport)
        if self._tracer is not None:
            self._tracer.begin(seen)
        return seen

    def connection(self, headers: Iterable[tuple[bytes, bytes]], transport: str) -> Sighting:
        """Begin to look at a connection that carries operations, each of which is looked at by itself."""
        seen = self._sighting("", headers, transport)
        seen.carries = True
        return seen

    @contextmanager
    def connected(self, transport: str) -> Generator[None]:
        """Count a connection that carries several operations within the block."""
        self.numbers.connections[transport] += 1
        try:
            yield
        finally:
            self.numbers.connections[transport] -= 1

    def begun(self, seen: Sighting, whole: Sighting) -> None:
        """Trace an operation that came with others."""
        if self._tracer is not None:
            self._tracer.begin_part(seen, whole)

    def ended(self, seen: Sighting) -> None:
        """Count what is over, report and log it."""
        if self._tracer is not None:
            self._tracer.end(seen)
        self.counted(seen)

    def counted(self, seen: Sighting) -> None:
        """The same, without its trace."""
        if seen.method:
            self.numbers.add_request(seen.method, seen.http_status)
        if seen.carries or (seen.operation is None and seen.codes is None):
            return  # it was no operation, or those that came with it are seen by themselves
        seconds = perf_counter() - seen.begun
        self.numbers.add_operation(seen, seconds)
        for each in self.reporters:
            each.add(seen, seconds)
        if self._logs_operations:
            log_operation(seen, seconds)

    def _sighting(self, method: str, headers: Iterable[tuple[bytes, bytes]], transport: str) -> Sighting:
        wanted = self._wanted
        found = {name: value[:LONGEST_HEADER].decode("latin-1") for name, value in headers if name in wanted}
        name, version = found.get(self._name, ""), found.get(self._version, "")
        client = ClientName(name[:LONGEST_NAME], version[:LONGEST_NAME])
        seen = Sighting(transport, client, self, method, found.get(_REQUEST_ID, ""))
        if _TRACE_PARENT in found:
            seen.trace = {each.decode(): found[each] for each in (_TRACE_PARENT, _TRACE_STATE) if each in found}
        return seen

    def _reporters(self) -> Iterable[Reporter]:
        usage, metering = self.config.usage, self.config.metering
        if usage is not None:
            yield Reporter("usage", usage, sink_of(usage), usage_record)
        if metering is not None:
            yield Reporter("metering", metering, sink_of(metering), metering_record)


@asynccontextmanager
async def _reporting(reporter: Reporter) -> AsyncGenerator[None]:
    task = asyncio.create_task(reporter.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
