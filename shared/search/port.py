"""What the platform asks of a search engine."""

from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from shared.caller import Caller

TITLE_BOOST: Final = 3.0
MISSPELT_BOOST: Final = 0.02
"""Below any exact match that tells documents apart."""


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """Something that can be found.

    Attributes:
        id: whose text this is.
        version: grows with each change; an older version never replaces a newer one, in whatever order they come.
        title: counts more than the body.
        body: plain text, and where snippets are cut from.
        released: whether it is meant for everybody.
    """

    id: UUID
    version: int
    title: str
    body: str
    released: bool = False


@dataclass(frozen=True, slots=True)
class SearchHit:
    """Something that was found.

    Attributes:
        id: of the document.
        score: higher is better; scores of different searches do not compare.
        snippet: HTML: an extract of the body, escaped, with what was found in ``<mark>``.
    """

    id: UUID
    score: float
    snippet: str


Batches: TypeAlias = AsyncIterable[Sequence[SearchDocument]]


class SearchIndex(Protocol):
    """The searchable documents of each tenant, apart from every other tenant's."""

    async def is_built(self, caller: Caller) -> bool:
        """Tell whether the tenant's index is there and whole; until `rebuild` it is not."""
        ...

    async def rebuild(self, caller: Caller, batches: Batches) -> None:
        """Build the tenant's index from all its documents, in place of whatever is there."""
        ...

    async def index(self, caller: Caller, documents: Sequence[SearchDocument]) -> None:
        """Add or replace documents; they are found as soon as this returns."""
        ...

    async def delete(self, caller: Caller, ids: Sequence[UUID]) -> None:
        """Forget documents; unknown ids are ignored."""
        ...

    async def search(self, caller: Caller, text: str, *, limit: int, released_only: bool) -> Sequence[SearchHit]:
        """Find documents with any of the words, misspelt by a letter or two perhaps, the best first.

        Args:
            caller: whose tenant to search.
            text: words; nothing in it is an operator.
            limit: how many hits at most.
            released_only: pass over what is not released, which doesn't count towards the limit.

        Raises:
            Unavailable: the engine does not answer, or the index is not built.
        """
        ...

    async def ping(self) -> None:
        """Return if the engine can be reached, else raise."""
        ...

    async def aclose(self) -> None:
        """Release files and connections."""
        ...
