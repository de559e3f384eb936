"""Replicas of subgraphs that are there for some tenants alone."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from router.execute.transport.base import SubgraphFailure, SubgraphRequest, SubgraphResponse, Transport
from router.serve.errors import Refused
from router.serve.request import RequestContext

UNKNOWN: Final = "PLACEMENT_UNKNOWN"


class PlacementUnknown(SubgraphFailure):
    """The caller's tenant is placed where there are no replicas; no others are asked in their stead."""

    code = UNKNOWN


class PlacedTransport:
    """One subgraph in several placements, each with its own connections, breaker and requests under way.

    Attributes:
        inner: for tenants that are placed nowhere in particular, and for the router itself.
        placed: by the names of placements; a subgraph that has no replicas of its own in one is asked at `inner`.
    """

    def __init__(self, inner: Transport, placed: Mapping[str, Transport]) -> None:
        self.inner = inner
        self.placed = placed

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        return await self._of(request).fetch(request)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        async with aclosing(self._of(request).subscribe(request)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        for each in {id(each): each for each in (self.inner, *self.placed.values())}.values():
            await each.aclose()

    def _of(self, request: SubgraphRequest) -> Transport:
        """Where a request goes.

        Raises:
            PlacementUnknown: nobody knows.
        """
        origin = request.terms.origin
        policy = origin.policy if isinstance(origin, RequestContext) else None
        if policy is None or policy.placement is None:
            return self.inner
        try:
            return self.placed[policy.placement]
        except KeyError as error:
            raise PlacementUnknown(f"Subgraph {request.subgraph} is nowhere for this tenant.") from error


def placements_of(transports: Iterable[Transport]) -> frozenset[str]:
    """The placements that any of the subgraphs has."""
    return frozenset(name for each in transports for placed in _placed(each) for name in placed.placed)


def require_place(placement: str | None, known: frozenset[str]) -> None:
    """Refuse who could only be served from where they are not to be.

    Raises:
        Refused: there is no such placement among those known.
    """
    if placement is not None and placement not in known:
        message = "There is no place that this tenant could be served from."
        raise Refused.because(message, UNKNOWN, HTTPStatus.SERVICE_UNAVAILABLE)


def _placed(transport: Transport | None) -> Iterable[PlacedTransport]:
    """Those within a transport, whatever is around them."""
    while transport is not None:
        if isinstance(transport, PlacedTransport):
            yield transport
        transport = getattr(transport, "inner", None)
