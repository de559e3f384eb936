"""What has become of the requests to a subgraph, for whoever watches it."""

from dataclasses import dataclass

from router.execute.transport.traffic.breaker import State


@dataclass(slots=True)
class Counts:
    """Since the transport was made.

    Attributes:
        requests: that were asked for.
        retries: sent again after a failure.
        hedges: sent a second time because the first answer was long in coming.
        hedges_won: of which the second answer counted.
        unavailable: refused because every replica was left alone.
        overloaded: refused because too many waited, or given up while they waited.
        late: given up because no answer came in time.
    """

    requests: int = 0
    retries: int = 0
    hedges: int = 0
    hedges_won: int = 0
    unavailable: int = 0
    overloaded: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class ReplicaHealth:
    """How a replica does.

    Attributes:
        outstanding: requests that wait for its answers.
        streams: subscriptions that run.
        opened: how often it has come to be left alone.
    """

    url: str
    state: State
    outstanding: int
    streams: int
    opened: int


@dataclass(frozen=True, slots=True)
class SubgraphHealth:
    """How a subgraph does.

    Attributes:
        waiting: requests that wait for a place.
    """

    replicas: tuple[ReplicaHealth, ...]
    waiting: int
    counts: Counts

    @property
    def available(self) -> bool:
        """Whether a request would be sent at all."""
        return any(each.state is not State.OPEN for each in self.replicas)
