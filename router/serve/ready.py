"""Whether the router is of use to anybody: it is to stay, and it reaches at least one subgraph."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from router.execute import SubgraphRequest, Transport
from router.execute.transport.base import SubgraphFailure
from router.serve.engine import Engine
from router.serve.life.draining import Draining

PROBE = "{__typename}"
PROBE_SECONDS = 2.0
KEPT_SECONDS = 1.0
"""How long an outcome holds, so that asking often costs the subgraphs nothing."""


class Readiness:
    """The endpoint: 200 while a subgraph can be reached, 503 otherwise, and as soon as the process is to end.

    A subgraph that is down nulls its own fields alone, and so must not take the router away from the others' clients.
    """

    def __init__(
        self, engine: Engine, draining: Draining | None = None, told: Callable[[], Mapping[str, Any]] | None = None
    ) -> None:
        """Args: `told` is what there is to say of the supergraph."""
        self._engine = engine
        self._draining = draining or Draining()
        self._told = told
        self._lock = asyncio.Lock()
        self._known: Mapping[str, bool] = {}
        self._until = 0.0

    async def answer(self, request: Request) -> JSONResponse:
        """Say so, and which subgraphs cannot be reached."""
        content: dict[str, Any] = {} if self._told is None else {"supergraph": self._told()}
        if self._draining.began:
            return JSONResponse({"status": "draining", **content}, 503)
        reached = await self._reached()
        ready = any(reached.values())
        unreachable = sorted(name for name, reaches in reached.items() if not reaches)
        return JSONResponse(
            {"status": "ready" if ready else "not ready", "unreachable": unreachable, **content}, 200 if ready else 503
        )

    async def _reached(self) -> Mapping[str, bool]:
        async with self._lock:
            if monotonic() >= self._until:
                transports = self._engine.transports
                outcomes = await asyncio.gather(*(_reaches(*each) for each in transports.items()))
                self._known = dict(zip(transports, outcomes, strict=True))
                self._until = monotonic() + KEPT_SECONDS
            return self._known


async def _reaches(subgraph: str, transport: Transport) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await transport.fetch(SubgraphRequest(subgraph, PROBE))
    except (SubgraphFailure, TimeoutError):
        return False
    return True
