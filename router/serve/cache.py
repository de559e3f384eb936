"""A cache that is bounded in entries and in weight."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class CacheCounts:
    """How often something was found, and how often not."""

    hits: int = 0
    misses: int = 0


class LruCache(Generic[K, V]):
    """Keeps what was used last.

    Weights are what the caller makes of them, for instance the length of a text: entries alone do not bound memory.
    """

    def __init__(self, entries: int, weight: int, counts: CacheCounts | None = None) -> None:
        """Args: `counts` are kept, perhaps for several caches together."""
        self.counts = counts or CacheCounts()
        self._entries = entries
        self._weight = weight
        self._total = 0
        self._known: dict[K, tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    @property
    def weight(self) -> int:
        """Of all that is kept."""
        return self._total

    def get(self, key: K) -> V | None:
        """The value, which becomes the last one to go."""
        found = self._known.pop(key, None)
        if found is None:
            self.counts.misses += 1
            return None
        self.counts.hits += 1
        self._known[key] = found
        return found[0]

    def peek(self, key: K) -> V | None:
        """The value, of which nobody takes note."""
        found = self._known.get(key)
        return None if found is None else found[0]

    def recent(self, most: int) -> list[K]:
        """The keys that were used last, in the order of their use."""
        return list(self._known)[-most:] if most else []

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value, unless it is heavier than the whole cache may be."""
        if weight > self._weight:
            return
        self._remove(key)
        self._known[key] = (value, weight)
        self._total += weight
        while len(self._known) > self._entries or self._total > self._weight:
            self._remove(next(iter(self._known)))

    def drop(self, where: Callable[[K], bool]) -> None:
        """Forget the values under some keys."""
        for key in [each for each in self._known if where(each)]:
            self._remove(key)

    def _remove(self, key: K) -> None:
        found = self._known.pop(key, None)
        if found is not None:
            self._total -= found[1]
