"""Documents that were published before anybody sends them."""

from collections.abc import Awaitable, Mapping
from typing import Protocol

from graphql import GraphQLError
from graphql.utilities import strip_ignored_characters

from router.serve.cache import LruCache
from router.serve.request import RequestContext

KNOWN_TEXTS = 2_000
KNOWN_CHARACTERS = 4_000_000

SPACIOUS = 4
"""How many times longer than the longest document a text may be that differs from one in its spaces only."""


class Trusted(Protocol):
    """Where trusted documents come from; who asks may decide, for instance by a list for each tenant."""

    def text(self, id: str, context: RequestContext, /) -> Awaitable[str | None]:
        """The document with an id; None if there is none for this client."""
        ...

    def holds(self, text: str, context: RequestContext, /) -> Awaitable[bool]:
        """Whether a text is one of the documents for this client, whatever its spaces and comments."""
        ...


class TrustedDocuments:
    """Documents that are the same for all clients."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        """Args: `documents` by their ids; one that is no GraphQL is kept, and refused when it is asked for."""
        self._documents = dict(documents)
        self._texts = {_bare(text) for text in self._documents.values()}
        self._longest = max(map(len, self._documents.values()), default=0) * SPACIOUS
        self._known: LruCache[str, bool] = LruCache(KNOWN_TEXTS, KNOWN_CHARACTERS)

    async def text(self, id: str, context: RequestContext) -> str | None:
        return self._documents.get(id)

    async def holds(self, text: str, context: RequestContext) -> bool:
        if len(text) > self._longest:
            return False
        known = self._known.get(text)
        if known is None:
            known = _bare(text) in self._texts
            self._known.put(text, known, len(text))
        return known


def _bare(text: str) -> str:
    try:
        return strip_ignored_characters(text)
    except (GraphQLError, RecursionError):
        return text
