"""What keeps answers: the same in memory and on Redis.

Everything is apart by tenant. What is invalidated is marked with a moment of the store's own clock, and nothing that
was asked for before such a mark is kept or taken after it: an answer that was under way while something changed does
not bring back what was before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from router.serve.caching.counts import StoreState

EVERY_TYPE: Final = "*"
"""In place of a type: all that a subgraph has said."""

MOST_TYPES: Final = 500
"""Types of one tenant and subgraph that are remembered one by one. With more, all that the subgraph has said is
forgotten instead, and what is remembered begins anew."""


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is kept.

    Attributes:
        body: the data, as JSON.
        stored: when, in seconds since the epoch.
        seconds: how long from then.
        moment: of the store's clock, before it was asked for.
        tags: by which it can be invalidated.
    """

    body: bytes
    stored: float
    seconds: float
    moment: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look into the store has brought.

    Attributes:
        moment: of the store's clock.
        entries: in the order of the keys.
        marks: by subgraph and type, when all that has them was last invalidated.
    """

    moment: int
    entries: Sequence[Entry | None]
    marks: Mapping[str, Mapping[str, int]]

    def is_valid(self, entry: Entry, shown: Mapping[str, Collection[str]], now: float) -> bool:
        """Whether an entry with values of these types, by subgraph, is still what it was."""
        if now >= entry.stored + entry.seconds:
            return False
        for subgraph, marks in self.marks.items():
            for name, moment in marks.items():
                if moment > entry.moment and (name == EVERY_TYPE or name in shown[subgraph]):
                    return False
        return True


class Store(Protocol):
    """Keeps entries by keys. It never fails: whatever goes wrong, nothing is there."""

    async def look(self, tenant: str, subgraphs: Sequence[str], keys: Sequence[bytes]) -> Found | None:
        """What there is; None if nobody knows, and so nothing should be kept either."""
        ...

    async def keep(self, tenant: str, entries: Sequence[tuple[bytes, Entry]]) -> None:
        """Keep entries, except those with tags that were invalidated since their moments."""
        ...

    async def invalidate_tags(self, tenant: str, tags: Sequence[str]) -> int:
        """Forget what has one of the tags, and say how much that was.

        Raises:
            StoreUnavailable: it could not be done.
        """
        ...

    async def invalidate_types(self, tenant: str, subgraph: str, types: Sequence[str]) -> None:
        """Forget what a subgraph said of at least one type; `EVERY_TYPE` stands for all it said.

        Raises:
            StoreUnavailable: it could not be done.
        """
        ...

    @property
    def state(self) -> StoreState:
        """How it is at the moment."""
        ...

    async def aclose(self) -> None: ...


class StoreUnavailable(Exception):
    """What is kept cannot be reached."""
