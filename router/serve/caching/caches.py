"""The caches of one router."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from router.execute import Transport
from router.serve.caching.config import Caching
from router.serve.caching.counts import Counts
from router.serve.caching.hints import Hints, read_hints
from router.serve.caching.identity import NOBODY, Identifying, Partition
from router.serve.caching.kept import Kept
from router.serve.caching.lifetimes import parse_cache_control
from router.serve.caching.memory import MemoryStore
from router.serve.caching.redis_store import RedisStore
from router.serve.caching.shapes import Shapes
from router.serve.caching.store import EVERY_TYPE, Store
from router.serve.caching.tags import InvalidFormat
from router.serve.caching.transport import CachingTransport
from router.serve.request import RequestContext
from router.supergraph import Supergraph

_MOST_TAGS: Final = 1_000
"""That are invalidated at once, on Redis: nothing else happens there meanwhile."""


class InvalidCaching(ValueError):
    """A configuration of caches that does not fit the supergraph; the message says why."""


class Caches:
    """What a router keeps of its subgraphs' answers. It outlives engines: a new supergraph takes it over.

    Attributes:
        varying: headers of clients that answers depend on.
        counts: what they have done so far.
    """

    def __init__(self, config: Caching, partition: Partition | None = None, store: Store | None = None) -> None:
        """Make what all requests share.

        Args:
            config: what is kept, and where.
            partition: gives a further part of keys, where answers depend on something of their callers that neither
                tenant nor scopes nor the configured claims and headers tell; None where nothing may be kept for them.
            store: in place of the one that `config` says.
        """
        self.config = config
        self.store = _store(config) if store is None else store
        self.counts = Counts()
        self.varying = frozenset(each.lower() for each in (*config.identifying_headers, *config.vary))
        self._identifying = Identifying(config, partition)

    def around(self, transports: Mapping[str, Transport], supergraph: Supergraph, version: str) -> dict[str, Transport]:
        """The transports of an engine with what is kept in front of them; `version` tells supergraphs apart.

        Raises:
            InvalidCaching: the configuration names what there is not.
        """
        unknown = sorted(set(self.config.subgraphs) - set(supergraph.subgraphs))
        if unknown:
            raise InvalidCaching(f"There is no subgraph {unknown[0]}; there are {', '.join(supergraph.subgraphs)}.")
        try:
            hints = read_hints(supergraph)
            return {
                name: self._around(name, transport, supergraph, version, hints.get(name, Hints()))
                for name, transport in transports.items()
            }
        except InvalidFormat as error:
            raise InvalidCaching(str(error)) from error

    def begin(self, context: RequestContext) -> RequestContext:
        """The context of one operation, which may use what is kept as far as its client wants that."""
        said = context.cache_control
        if said is not None and self.config.bypass and said.no_store:
            return replace(context, cache_use=None)
        reads = said is None or not (self.config.bypass and (said.no_cache or said.max_age == 0))
        return replace(context, cache_use=self._identifying.use(context, reads=reads))

    def seen(self, context: RequestContext, headers: Mapping[str, str]) -> RequestContext:
        """The context of a request with what its headers, by names in lower case, say of caches."""
        given = headers.get("cache-control")
        return context if given is None else replace(context, cache_control=parse_cache_control(given))

    async def invalidate_tags(self, tags: Sequence[str], *, tenant: str | None = None) -> int:
        """Forget what one tenant, or callers without any, have of these tags; gives how many answers that was.

        Raises:
            StoreUnavailable: it could not be done, and has to be tried again.
        """
        self.counts.invalidations["tags"] += len(tags)
        removed = 0
        for first in range(0, len(tags), _MOST_TAGS):
            removed += await self.store.invalidate_tags(_named(tenant), tags[first : first + _MOST_TAGS])
        return removed

    async def invalidate_types(self, subgraph: str, types: Sequence[str], *, tenant: str | None = None) -> None:
        """Forget what one tenant, or callers without any, have of a subgraph: answers with values of these types.

        Objects that may be of several types count for all of them. No types mean nothing.

        Raises:
            StoreUnavailable: it could not be done, and has to be tried again.
        """
        if EVERY_TYPE in types:
            await self.invalidate_subgraph(subgraph, tenant=tenant)
        elif types:
            self.counts.invalidations["types"] += len(types)
            await self.store.invalidate_types(_named(tenant), subgraph, types)

    async def invalidate_subgraph(self, subgraph: str, *, tenant: str | None = None) -> None:
        """Forget all that a subgraph has said to one tenant, or to callers without any.

        Raises:
            StoreUnavailable: it could not be done, and has to be tried again.
        """
        self.counts.invalidations["subgraphs"] += 1
        await self.store.invalidate_types(_named(tenant), subgraph, (EVERY_TYPE,))

    async def aclose(self) -> None:
        """Close the connections of the store."""
        await self.store.aclose()

    def _around(self, name: str, transport: Transport, supergraph: Supergraph, version: str, hints: Hints) -> Transport:
        own = self.config.of(name)
        if not own.enabled:
            return transport
        longest = min(self.config.max_seconds, own.max_seconds or self.config.max_seconds)
        largest = self.config.max_entry_bytes
        kept = Kept(name, transport, self.store, longest, largest, self._identifying.headers, self.counts)
        return CachingTransport(kept, Shapes(name, supergraph, version, hints.with_config(own), own))


def _named(tenant: str | None) -> str:
    return NOBODY if tenant is None else f"={tenant}"


def _store(config: Caching) -> Store:
    return MemoryStore(config.memory_bytes) if config.redis_url is None else RedisStore(config.redis_url, config)
