"""The counts of one router, kept as requests pass and read when metrics are asked for."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from router.serve.cache import CacheCounts
from router.serve.telemetry.config import Metrics
from router.serve.telemetry.histogram import Histogram
from router.serve.telemetry.labels import BoundedLabels
from router.serve.telemetry.sighting import Sighting, Status

COSTS: Final = (1.0, 10.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
"""Upper bounds of the costs of operations."""

METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})


@dataclass(slots=True)
class SubgraphNumbers:
    """Of the requests to one subgraph.

    Attributes:
        seconds: that answers, or failures, took.
        outcomes: how many requests ended how: `ok`, `errors`, the code of a failure, `cancelled`.
        bytes: of answers; those within the process have none.
        streams: subscriptions that are open at the subgraph.
        events: that came of them.
    """

    seconds: Histogram = field(default_factory=Histogram)
    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))
    bytes: int = 0
    streams: int = 0
    events: int = 0


@dataclass(slots=True)
class TenantNumbers:
    """Of the operations of one tenant, or of all tenants without a label of their own."""

    operations: int = 0
    seconds: float = 0.0
    estimated: float = 0.0
    actual: float = 0.0
    subgraph_requests: int = 0
    bytes: int = 0


class Numbers:
    """Counts that only grow, and a few that tell what is open.

    Attributes:
        requests: over HTTP, by method and status.
        operations: by kind, status and transport.
        errors: that clients got, by code.
        refusals: operations that were not executed, by code.
        subgraphs: by their names.
        tenants: by label.
        clients: operations by the name that clients give themselves.
        costs: as estimated.
        parsing: seconds to parse and validate a document that was not known.
        planning: seconds to plan an operation that was not known.
        caches: by their names.
        streams: subscriptions that are open, by transport.
        connections: that can carry several operations and are open, by transport.
        messages: of subscriptions, by transport.
        dropped: messages that made room for others, or whose streams ended for want of it, by policy.
        resumptions: of subscriptions, by what became of them: `resumed`, `gap`.
        lag: seconds that the event loop was late.
    """

    def __init__(self, metrics: Metrics) -> None:
        self.requests: dict[tuple[str, int], int] = defaultdict(int)
        self.operations: dict[tuple[str, str, str], Histogram] = defaultdict(Histogram)
        self.errors: dict[str, int] = defaultdict(int)
        self.refusals: dict[str, int] = defaultdict(int)
        self.subgraphs: dict[str, SubgraphNumbers] = defaultdict(SubgraphNumbers)
        self.tenants: dict[str, TenantNumbers] = defaultdict(TenantNumbers)
        self.clients: dict[str, int] = defaultdict(int)
        self.costs = Histogram(COSTS)
        self.parsing = Histogram()
        self.planning = Histogram()
        self.caches = {name: CacheCounts() for name in ("documents", "operations", "incremental")}
        self.streams: dict[str, int] = defaultdict(int)
        self.connections: dict[str, int] = defaultdict(int)
        self.messages: dict[str, int] = defaultdict(int)
        self.dropped: dict[str, int] = defaultdict(int)
        self.resumptions: dict[str, int] = defaultdict(int)
        self.lag = Histogram()
        self._tenants = BoundedLabels(metrics.tenants, lambda label: self.tenants.pop(label, None))
        self._clients = BoundedLabels(metrics.clients, lambda label: self.clients.pop(label, None))
        self._codes = BoundedLabels(metrics.codes, self._drop_code)

    def add_request(self, method: str, status: int) -> None:
        """Count a request over HTTP."""
        self.requests[method if method in METHODS else "other", status] += 1

    def add_operation(self, seen: Sighting, seconds: float) -> None:
        """Count an operation, or a request of which it was refused to look for one."""
        operation, status = seen.operation, seen.status.value
        kind = "unknown" if operation is None else operation.kind.value
        self.operations[kind, status, seen.transport].add(seconds)
        self.clients[self._clients.of(seen.client.name or None)] += 1
        if seen.status is not Status.PRICED:
            self._add_tenant(seen, seconds)
        if seen.codes is not None:
            self._add_codes(seen.codes, refused=seen.status is Status.REFUSED)

    def _add_tenant(self, seen: Sighting, seconds: float) -> None:
        identity = None if seen.context is None else seen.context.identity
        tenant = self.tenants[self._tenants.of(None if identity is None else identity.tenant)]
        tenant.operations += 1
        tenant.seconds += seconds
        tenant.subgraph_requests += seen.subgraph_requests
        tenant.bytes += seen.bytes
        if seen.estimated is not None and seen.status.is_executed:
            self.costs.add(seen.estimated)
            tenant.estimated += seen.estimated
            tenant.actual += seen.estimated if seen.actual is None else seen.actual

    def _add_codes(self, codes: dict[str, int], *, refused: bool) -> None:
        for code, count in codes.items():
            label = self._codes.of(code)
            self.errors[label] += count
            if refused:
                self.refusals[label] += 1

    def _drop_code(self, label: str) -> None:
        self.errors.pop(label, None)
        self.refusals.pop(label, None)
