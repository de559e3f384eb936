"""A transport that does not ask for what it already knows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from router.execute.transport.base import SubgraphFailure, SubgraphRequest, SubgraphResponse
from router.serve.caching.entities import Entities
from router.serve.caching.identity import use_of
from router.serve.caching.kept import Kept
from router.serve.caching.roots import Roots
from router.serve.caching.shapes import Shapes


class CachingTransport:
    """Around any transport to one subgraph, also those that add headers: what is kept is not even signed.

    Queries alone take from the cache: what follows a mutation or an event must see what has changed.
    """

    def __init__(self, kept: Kept, shapes: Shapes) -> None:
        self.inner = kept.inner
        self.shapes = shapes
        self._kept = kept
        self._roots = Roots(kept)
        self._entities = Entities(kept, shapes)

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        use = use_of(request)
        if use is None:
            return await self.inner.fetch(request)
        shape = await self.shapes.of(request.query) if request.shareable else None
        if shape is None:
            return await self._kept.pass_by(request, use)
        try:
            if shape.groups:
                return await self._entities.fetch(request, shape, use)
            return await self._roots.fetch(request, shape, use)
        except SubgraphFailure:
            use.account.refuse()
            raise

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        async with aclosing(self.inner.subscribe(request)) as events:
            async for event in events:
                yield event

    async def aclose(self) -> None:
        await self.inner.aclose()
