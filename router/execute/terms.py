"""On what terms an execution may ask subgraphs."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long, on whose account, and on whose behalf.

    Attributes:
        seconds: how long an execution may wait for subgraphs, in all; each event of a subscription has as long. What
            has not come by then is missing from the answer. None sets no bound beside those of the transports.
        tenant: whose share of a subgraph it uses up where requests have to queue; None for nobody's in particular.
        origin: whatever hooks of subgraph requests want to know of the client's request; nobody else looks at it.
    """

    seconds: float | None = None
    tenant: str | None = None
    origin: Any = None


NO_TERMS = Terms()
