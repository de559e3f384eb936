"""What is kept of one subgraph's answers, and by what rules."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from router.execute.transport.base import SubgraphRequest, SubgraphResponse, Transport
from router.serve.caching.counts import Counts
from router.serve.caching.identity import Use
from router.serve.caching.policy import CacheHeaders, Policy, Said, policy_of
from router.serve.caching.store import Entry, Found, Store


@dataclass(frozen=True, slots=True)
class Kept:
    """What answers of all kinds have in common.

    Attributes:
        inner: the way to the subgraph.
        longest: seconds that anything is kept.
        largest: bytes of anything that is kept.
        identifying: headers that say who asks.
        counts: of the router's caches.
    """

    subgraph: str
    inner: Transport
    store: Store
    longest: float
    largest: int
    identifying: Collection[str]
    counts: Counts

    async def look(self, use: Use, keys: Sequence[bytes]) -> Found | None:
        """What is there; None if nobody knows."""
        return await self.store.look(use.tenant, (self.subgraph,), keys)

    async def keep(self, use: Use, kind: str, entries: Sequence[tuple[bytes, Entry]]) -> None:
        """Keep what an operation has brought."""
        self.counts.store(kind, entries)
        await self.store.keep(use.tenant, entries)

    def fits(self, body: bytes) -> bool:
        """Whether it is small enough to be kept."""
        return len(body) <= self.largest

    def policy(self, said: Said, headers: CacheHeaders, use: Use) -> Policy | None:
        """How long an answer may be kept, and for whom; None if not at all."""
        policy = policy_of(said, headers, known=use.known, identifying=self.identifying, longest=self.longest)
        return None if policy is None or not use.may_bring(policy.scope) else policy

    async def pass_by(self, request: SubgraphRequest, use: Use) -> SubgraphResponse:
        """Ask as if nothing were ever kept.

        Raises:
            SubgraphFailure: there was no answer.
        """
        use.account.refuse()
        return await self.inner.fetch(request)
