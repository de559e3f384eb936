"""How long answers take."""

from math import inf

KEPT = 128
FEWEST = 20
"""Answers without which nothing can be told."""
FRESH = 32
"""Answers after which the quantile is found anew."""


class Latency:
    """A quantile of the last answers' times, in seconds; infinite while too few are known."""

    __slots__ = ("_known", "_next", "_quantile", "_until_fresh", "value")

    def __init__(self, quantile: float) -> None:
        self.value = inf
        self._quantile = quantile
        self._known: list[float] = []
        self._next = 0
        self._until_fresh = FEWEST

    def add(self, seconds: float) -> None:
        """Take note of an answer."""
        if len(self._known) < KEPT:
            self._known.append(seconds)
        else:
            self._known[self._next] = seconds
            self._next = (self._next + 1) % KEPT
        self._until_fresh -= 1
        if not self._until_fresh:
            self._until_fresh = FRESH
            ordered = sorted(self._known)
            self.value = ordered[min(int(len(ordered) * self._quantile), len(ordered) - 1)]
