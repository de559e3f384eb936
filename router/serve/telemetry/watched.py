"""A transport whose requests are counted, and seen as part of the operations they are made for."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import perf_counter

from router.execute.transport.base import SubgraphFailure, SubgraphRequest, SubgraphResponse, Transport
from router.serve.telemetry.numbers import SubgraphNumbers
from router.serve.telemetry.sighting import SIGHTING


class WatchedTransport:
    """Around any transport to one subgraph."""

    def __init__(self, inner: Transport, numbers: SubgraphNumbers) -> None:
        self.inner = inner
        self._numbers = numbers

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        begun = perf_counter()
        outcome = "cancelled"
        try:
            response = await self.inner.fetch(request)
            outcome = "errors" if response.errors else "ok"
        except SubgraphFailure as failure:
            outcome = failure.code
            raise
        finally:
            self._numbers.outcomes[outcome] += 1
            self._numbers.seconds.add(perf_counter() - begun)
        self._numbers.bytes += response.size
        seen = SIGHTING.get()
        if seen is not None:
            seen.subgraph_requests += 1
            seen.subgraph_bytes += response.size
        return response

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        numbers = self._numbers
        numbers.streams += 1
        outcome = "cancelled"
        try:
            async with aclosing(self.inner.subscribe(request)) as events:
                async for event in events:
                    numbers.events += 1
                    yield event
            outcome = "ok"
        except SubgraphFailure as failure:
            outcome = failure.code
            raise
        finally:
            numbers.streams -= 1
            numbers.outcomes[outcome] += 1

    async def aclose(self) -> None:
        await self.inner.aclose()
