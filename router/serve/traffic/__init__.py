"""Traffic to subgraphs, as the owner of a router configures it."""

from router.execute.transport.traffic import (
    Breaking,
    Concurrency,
    ExtraLoad,
    Hedging,
    Probing,
    Retries,
    Traffic,
)
from router.serve.traffic.calls import CallHooks, CallOutcome, RequestHook, ResponseHook, SubgraphCall
from router.serve.traffic.config import SubgraphTraffic, TrafficConfig
from router.serve.traffic.health import health_of
from router.serve.traffic.rules import HeaderRule, Insert, Propagate, Remove, Rename, propagating
from router.serve.traffic.transports import TrafficError, build_transports, steered

__all__ = [
    "Breaking",
    "CallHooks",
    "CallOutcome",
    "Concurrency",
    "ExtraLoad",
    "HeaderRule",
    "Hedging",
    "Insert",
    "Probing",
    "Propagate",
    "Remove",
    "Rename",
    "RequestHook",
    "ResponseHook",
    "Retries",
    "SubgraphCall",
    "SubgraphTraffic",
    "Traffic",
    "TrafficConfig",
    "TrafficError",
    "build_transports",
    "health_of",
    "propagating",
    "steered",
]
