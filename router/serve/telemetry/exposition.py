"""The counts of a router as Prometheus reads them, made when it asks.

Source: https://prometheus.io/docs/practices/naming/
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from router.execute.transport import Transport
from router.execute.transport.traffic import State, SubgraphHealth
from router.serve.cache import LruCache
from router.serve.caching.caches import Caches
from router.serve.caching.counts import KindCounts
from router.serve.telemetry.histogram import Histogram
from router.serve.telemetry.numbers import Numbers
from router.serve.telemetry.reports import Reporter
from router.serve.traffic.health import health_of, shared_of

PREFIX = "router"


class Observed(Protocol):
    """What else there is to be read of an engine."""

    @property
    def transports(self) -> Mapping[str, Transport]: ...

    @property
    def caches(self) -> Mapping[str, "LruCache[object, object]"]: ...

    @property
    def answers(self) -> Caches | None: ...

    @property
    def supergraph_id(self) -> str: ...


class RouterCollector(Collector):
    """Of one router, whatever its engines are at the moment."""

    def __init__(self, numbers: Numbers, engines: Iterable[Observed], reporters: Iterable[Reporter] = ()) -> None:
        """Args: `engines` are looked through each time."""
        self._reporters = tuple(reporters)
        self._numbers = numbers
        self._engines = engines

    def collect(self) -> Iterator[Metric]:
        """All metrics."""
        engines = list(self._engines)
        yield from self._requests()
        yield from self._subgraphs()
        yield from self._health(engines)
        yield from self._caches(engines)
        yield from self._streams()
        yield from self._demand()
        yield from self._process(engines)
        what = "Records of reports that were given up, as they could not be written for too long."
        yield _counted("reports_lost", what, "kind", {each.kind: each.lost for each in self._reporters})

    def _requests(self) -> Iterator[Metric]:
        numbers = self._numbers
        requests = _counter("http_requests", "Requests over HTTP.", "method", "status")
        for (method, status), count in list(numbers.requests.items()):
            requests.add_metric([method, str(status)], count)
        yield requests
        yield _histograms(
            "operation_duration_seconds",
            "Operations, from the request's arrival to the last byte of the answer, or the end of the subscription.",
            ("kind", "status", "transport"),
            numbers.operations,
        )
        yield _counted("errors", "Errors that clients got.", "code", numbers.errors)
        yield _counted("refusals", "Operations that were refused before they were executed.", "code", numbers.refusals)
        yield _counted("client_operations", "Operations by the client's own name.", "client", numbers.clients)

    def _subgraphs(self) -> Iterator[Metric]:
        known = list(self._numbers.subgraphs.items())
        requests = _counter("subgraph_requests", "Requests to subgraphs.", "subgraph", "outcome")
        size = _counter("subgraph_response_bytes", "Answers of subgraphs, inflated.", "subgraph")
        streams = _gauge("subgraph_streams", "Subscriptions that are open at subgraphs.", "subgraph")
        events = _counter("subgraph_events", "Events of subscriptions.", "subgraph")
        for name, each in known:
            for outcome, count in list(each.outcomes.items()):
                requests.add_metric([name, outcome], count)
            size.add_metric([name], each.bytes)
            streams.add_metric([name], each.streams)
            events.add_metric([name], each.events)
        yield from (requests, size, streams, events)
        seconds = {(name,): each.seconds for name, each in known}
        what = "Requests to subgraphs, with retries and all waiting."
        yield _histograms("subgraph_request_duration_seconds", what, ("subgraph",), seconds)

    def _health(self, engines: Iterable[Observed]) -> Iterator[Metric]:
        health: dict[str, SubgraphHealth] = {}
        shared: dict[str, int] = {}
        for engine in engines:
            health |= health_of(engine.transports)
            for name, count in shared_of(engine.transports).items():
                shared[name] = max(count, shared.get(name, 0))  # engines may have a transport in common
        what = "Requests that took the answer to an identical one."
        yield _counted("subgraph_shared", what, "subgraph", shared)
        yield from _attempts(health)
        yield from _replicas(health)

    def _caches(self, engines: Iterable[Observed]) -> Iterator[Metric]:
        hits = _counter("cache_hits", "What was found in a cache.", "cache")
        misses = _counter("cache_misses", "What was not.", "cache")
        answers = next((each.answers for each in engines if each.answers is not None), None)
        kept: Mapping[str, KindCounts] = {} if answers is None else answers.counts.kinds
        for name, counts in [*self._numbers.caches.items(), *kept.items()]:
            hits.add_metric([name], counts.hits)
            misses.add_metric([name], counts.misses)
        entries = _gauge("cache_entries", "Entries of a cache.", "cache")
        characters = _gauge("cache_characters", "Characters of the documents of a cache's entries.", "cache")
        for name in self._numbers.caches:
            caches = [engine.caches[name] for engine in engines]
            entries.add_metric([name], sum(len(each) for each in caches))
            characters.add_metric([name], sum(each.weight for each in caches))
        yield from (hits, misses, entries, characters)
        if answers is not None:  # which all engines of a router have in common
            yield from _kept_answers(answers)
        yield _histogram("parsing_seconds", "Parsing and validating a document.", self._numbers.parsing)
        yield _histogram(
            "planning_seconds", "Planning an operation, with the wait for one's turn.", self._numbers.planning
        )

    def _streams(self) -> Iterator[Metric]:
        numbers = self._numbers
        yield _gauged("subscriptions", "Subscriptions of clients that are open.", "transport", numbers.streams)
        what = "Connections that carry several operations and are open."
        yield _gauged("connections", what, "transport", numbers.connections)
        yield _counted("subscription_messages", "Events for clients.", "transport", numbers.messages)
        what = "Events that clients were too slow for, by what was done then."
        yield _counted("subscription_dropped", what, "policy", numbers.dropped)
        what = "Subscriptions that went on after a cursor, with all in between or with a gap."
        yield _counted("subscription_resumptions", what, "outcome", numbers.resumptions)

    def _demand(self) -> Iterator[Metric]:
        yield _histogram("operation_cost", "Operations by their estimated cost.", self._numbers.costs)
        families = {
            "operations": _counter("tenant_operations", "Operations.", "tenant"),
            "seconds": _counter("tenant_seconds", "Durations of operations, in sum.", "tenant"),
            "estimated": _counter("tenant_cost_estimated", "Cost of operations, estimated.", "tenant"),
            "actual": _counter("tenant_cost_actual", "Measured cost; estimated where it is not measured.", "tenant"),
            "subgraph_requests": _counter("tenant_subgraph_requests", "Requests to subgraphs.", "tenant"),
            "bytes": _counter("tenant_bytes", "Sent to clients.", "tenant"),
        }
        for tenant, each in list(self._numbers.tenants.items()):
            for name, family in families.items():
                family.add_metric([tenant], getattr(each, name))
        yield from families.values()

    def _process(self, engines: Iterable[Observed]) -> Iterator[Metric]:
        yield _histogram("event_loop_lag_seconds", "How late the event loop is.", self._numbers.lag)
        supergraphs = InfoMetricFamily(f"{PREFIX}_supergraph", "Supergraphs that are served.", labels=["id"])
        for each in sorted({engine.supergraph_id for engine in engines}):
            supergraphs.add_metric([each], {})
        yield supergraphs


def _kept_answers(caches: Caches) -> Iterator[Metric]:
    """Of what is kept of answers."""
    stored = _counter("cache_stored", "What was given to the store of answers.", "cache")
    size = _counter("cache_stored_bytes", "Of what was given to the store of answers.", "cache")
    for kind, counts in caches.counts.kinds.items():
        stored.add_metric([kind], counts.stored)
        size.add_metric([kind], counts.stored_bytes)
    yield from (stored, size)
    what = "Tags, types, and subgraphs as a whole of which answers were to be forgotten."
    yield _counted("cache_invalidations", what, "by", caches.counts.invalidations)
    state = caches.store.state
    yield _gauge_of("cache_store_entries", "Answers that this process has in its memory.", state.entries)
    yield _gauge_of("cache_store_bytes", "Of the answers that this process has in its memory.", state.bytes)
    yield _gauge_of("cache_store_up", "Whether the store of answers could be reached last.", not state.is_down)
    yield _counter_of("cache_store_failures", "How often it could not be reached.", state.failures)
    yield _counter_of("cache_store_damaged", "Entries that were not what had been kept.", state.damaged)


def _attempts(health: Mapping[str, SubgraphHealth]) -> Iterator[Metric]:
    counts = {
        "retries": "Requests that were sent again.",
        "hedges": "Requests that were sent a second time while the first was under way.",
        "hedges_won": "Second requests whose answer came first.",
        "unavailable": "Requests that were refused as all replicas were left alone.",
        "overloaded": "Requests that were refused as too many waited, or given up while they waited.",
        "late": "Requests that were given up as no answer came in time.",
    }
    for name, what in counts.items():
        family = _counter(f"subgraph_{name}", what, "subgraph")
        for subgraph, each in health.items():
            family.add_metric([subgraph], getattr(each.counts, name))
        yield family
    waiting = _gauge("subgraph_waiting", "Requests that wait for their turn.", "subgraph")
    for subgraph, each in health.items():
        waiting.add_metric([subgraph], each.waiting)
    yield waiting


def _replicas(health: Mapping[str, SubgraphHealth]) -> Iterator[Metric]:
    outstanding = _gauge("replica_outstanding", "Requests that wait for an answer.", "subgraph", "replica")
    opened = _counter("replica_breaker_opened", "How often the breaker opened.", "subgraph", "replica")
    state = _gauge("replica_breaker_state", "1 for the state that it is in.", "subgraph", "replica", "state")
    for subgraph, each in health.items():
        for replica in each.replicas:
            outstanding.add_metric([subgraph, replica.url], replica.outstanding)
            opened.add_metric([subgraph, replica.url], replica.opened)
            for known in State:
                state.add_metric([subgraph, replica.url, known.value], int(replica.state is known))
    yield from (outstanding, opened, state)


def _counter(name: str, what: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}_{name}", what, labels=labels)


def _gauge(name: str, what: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", what, labels=labels)


def _counter_of(name: str, what: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", what, value)


def _gauge_of(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", what, value)


def _counted(name: str, what: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = _counter(name, what, label)
    for value, count in list(counts.items()):
        family.add_metric([value], count)
    return family


def _gauged(name: str, what: str, label: str, counts: Mapping[str, int]) -> Metric:
    family = _gauge(name, what, label)
    for value, count in list(counts.items()):
        family.add_metric([value], count)
    return family


def _histogram(name: str, what: str, histogram: Histogram) -> Metric:
    return HistogramMetricFamily(f"{PREFIX}_{name}", what, buckets=histogram.buckets(), sum_value=histogram.sum)


def _histograms(
    name: str, what: str, labels: tuple[str, ...], histograms: Mapping[tuple[str, ...], Histogram]
) -> Metric:
    family = HistogramMetricFamily(f"{PREFIX}_{name}", what, labels=labels)
    for values, histogram in list(histograms.items()):
        family.add_metric(values, histogram.buckets(), histogram.sum)
    return family
