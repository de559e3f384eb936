"""Traffic to subgraphs: deadlines, retries, hedging, breakers, replicas and turns."""

from router.execute.transport.traffic.breaker import State
from router.execute.transport.traffic.counts import Counts, ReplicaHealth, SubgraphHealth
from router.execute.transport.traffic.managed import ManagedTransport
from router.execute.transport.traffic.settings import (
    Breaking,
    Concurrency,
    ExtraLoad,
    Hedging,
    Probing,
    Retries,
    Traffic,
)

__all__ = [
    "Breaking",
    "Concurrency",
    "Counts",
    "ExtraLoad",
    "Hedging",
    "ManagedTransport",
    "Probing",
    "ReplicaHealth",
    "Retries",
    "State",
    "SubgraphHealth",
    "Traffic",
]
