"""Ways to reach a subgraph."""

from router.execute.transport.base import (
    InvalidHeader,
    MalformedResponse,
    SubgraphFailure,
    SubgraphOverloaded,
    SubgraphRequest,
    SubgraphResponse,
    SubgraphTimeout,
    SubgraphUnavailable,
    SubgraphUnreachable,
    Subscriptions,
    Transport,
)
from router.execute.transport.http import HttpTransport
from router.execute.transport.in_process import InProcessTransport

__all__ = [
    "HttpTransport",
    "InProcessTransport",
    "InvalidHeader",
    "MalformedResponse",
    "SubgraphFailure",
    "SubgraphOverloaded",
    "SubgraphRequest",
    "SubgraphResponse",
    "SubgraphTimeout",
    "SubgraphUnavailable",
    "SubgraphUnreachable",
    "Subscriptions",
    "Transport",
]
