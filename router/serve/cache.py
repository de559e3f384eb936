"""A cache that is bounded in entries and in weight."""

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class LruCache(Generic[K, V]):
    """Keeps what was used last.

    Weights are what the caller makes of them, for instance the length of a text: entries alone do not bound memory.
    """

    def __init__(self, entries: int, weight: int) -> None:
        self._entries = entries
        self._weight = weight
        self._total = 0
        self._known: dict[K, tuple[V, int]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: K) -> V | None:
        """The value, which becomes the last one to go."""
        found = self._known.pop(key, None)
        if found is None:
            return None
        self._known[key] = found
        return found[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value, unless it is heavier than the whole cache may be."""
        if weight > self._weight:
            return
        self._remove(key)
        self._known[key] = (value, weight)
        self._total += weight
        while len(self._known) > self._entries or self._total > self._weight:
            self._remove(next(iter(self._known)))

    def _remove(self, key: K) -> None:
        found = self._known.pop(key, None)
        if found is not None:
            self._total -= found[1]
