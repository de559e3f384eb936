"""Run query plans: fetch, merge, project."""

from router.execute.budget import MAX_OBJECTS
from router.execute.executor import Executor
from router.execute.response import Response
from router.execute.transport import (
    HttpTransport,
    InProcessTransport,
    SubgraphRequest,
    SubgraphResponse,
    Subscriptions,
    Transport,
)
from router.execute.variables import InvalidVariables, coerce_variables

__all__ = [
    "MAX_OBJECTS",
    "Executor",
    "HttpTransport",
    "InProcessTransport",
    "InvalidVariables",
    "Response",
    "SubgraphRequest",
    "SubgraphResponse",
    "Subscriptions",
    "Transport",
    "coerce_variables",
]
