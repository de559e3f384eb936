"""How requests to a subgraph are treated on their way, beside being sent: all of it can be said for each subgraph."""

from dataclasses import dataclass

from router.execute.transport.base import MAX_RESPONSE_BYTES, TIMEOUT_SECONDS

MAX_CONNECTIONS = 200


@dataclass(frozen=True, slots=True)
class ExtraLoad:
    """How many requests a subgraph may get beyond those asked for: retries and hedges together.

    Attributes:
        share: of the requests asked for in the last `window_seconds`.
        floor: so many in `window_seconds` even where next to nothing is asked for.
    """

    share: float = 0.1
    floor: int = 1
    window_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Retries:
    """Queries are sent again if the subgraph could not be reached or answered 502, 503 or 504.

    Attributes:
        attempts: of one query in all.
        first_seconds: the pause before the second attempt is up to this; each further one is up to twice as long.
        longest_seconds: the longest such pause. A `Retry-After` counts as it is, and always within the deadline.
    """

    attempts: int = 3
    first_seconds: float = 0.05
    longest_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Hedging:
    """A query that takes long is sent once more, to another replica if there is one; the first answer counts.

    Attributes:
        after_seconds: how long a query takes that takes long; None takes it from the last answers.
        quantile: of their times; 0.95 means that one query of twenty takes long.
        least_seconds: no query that took less has ever taken long.
    """

    after_seconds: float | None = None
    quantile: float = 0.95
    least_seconds: float = 0.005


@dataclass(frozen=True, slots=True)
class Breaking:
    """When a replica is left alone: requests that it alone could answer then fail at once.

    Being unreachable, breaking off, answering 502, 503 or 504, and not answering for `patience_seconds` are failures.

    Attributes:
        failures: in a row.
        patience_seconds: after which an answer that has not come counts as a failure.
        share: of the requests of the last `window_seconds`, if these are `least_requests` or more.
        stall_seconds: after so long without any answer while `stall_requests` wait, a probe is sent; unless that is
            answered, the replica hangs.
        open_seconds: until a probe is sent to a replica that is left alone; twice as long after each one that fails.
        longest_open_seconds: between two such probes.
        trials: requests that it gets at the same time after a probe has been answered, and so many of them must be
            answered before it gets all again.
    """

    failures: int = 5
    share: float = 0.5
    least_requests: int = 20
    window_seconds: float = 5.0
    patience_seconds: float = 1.0
    stall_seconds: float = 0.3
    stall_requests: int = 2
    open_seconds: float = 0.5
    longest_open_seconds: float = 2.0
    trials: int = 3


@dataclass(frozen=True, slots=True)
class Probing:
    """How a replica is asked whether it lives; anything it answers but a 5xx says that it does.

    Attributes:
        query: that is posted, without any headers of a client.
        timeout_seconds: of the answer.
        every_seconds: also asks replicas that nobody has doubts about; None does not.
    """

    query: str = "{__typename}"
    timeout_seconds: float = 0.4
    every_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many requests a subgraph gets at a time; what comes beyond waits, and tenants take turns.

    Attributes:
        requests: at the same time, over all replicas.
        waiting: at most; beyond, the tenant with most of them loses its last one.
        tenant_share: the part of `requests` that one tenant has at the same time, at least one; 1.0 for all. The rest
            is there at once for another one, who would have to wait for an answer otherwise. Requests of nobody in
            particular may be as many as there are.
    """

    requests: int = 100
    waiting: int = 1_000
    tenant_share: float = 0.75


@dataclass(frozen=True, slots=True)
class Traffic:
    """Everything about the way to one subgraph.

    Attributes:
        timeout_seconds: of a request, with all attempts and all waiting; the operation's deadline may be earlier.
        max_response_bytes: of an answer or an event, after decompression.
        max_connections: to each replica.
        sharing: identical queries that are under way at the same time are sent once.
        deadline_header: tells the subgraph how many milliseconds are left; None tells it nothing.
        tracing: the current trace goes on at the subgraph (W3C Trace Context, or what OpenTelemetry is set to).
        retries: None never tries again.
        hedging: None waits for the one answer.
        extra_load: bounds both.
        breaking: None sends everything, whatever comes back.
        probing: of replicas that are left alone or seem to hang.
        concurrency: None sends everything at once.
    """

    timeout_seconds: float = TIMEOUT_SECONDS
    max_response_bytes: int = MAX_RESPONSE_BYTES
    max_connections: int = MAX_CONNECTIONS
    sharing: bool = True
    deadline_header: str | None = "x-request-timeout-ms"
    tracing: bool = True
    retries: Retries | None = Retries()
    hedging: Hedging | None = None
    extra_load: ExtraLoad = ExtraLoad()
    breaking: Breaking | None = Breaking()
    probing: Probing = Probing()
    concurrency: Concurrency | None = None

    @property
    def is_plain(self) -> bool:
        """Whether a request is sent once, as it is, whatever came of those before."""
        told = self.deadline_header is not None or self.tracing
        careful = (self.retries, self.hedging, self.breaking, self.concurrency)
        return not told and all(each is None for each in careful)
