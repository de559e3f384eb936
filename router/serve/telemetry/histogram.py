"""Counts of values by size, which cost a fraction of a microsecond to keep."""

from bisect import bisect_left
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Final

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of durations."""


class Histogram:
    """How many values lie below each bound.

    Attributes:
        sum: of all values.
    """

    __slots__ = ("_bounds", "_counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.sum += value

    @contextmanager
    def measuring(self) -> Generator[None]:
        """Count the seconds that the block takes."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.add(perf_counter() - begun)

    @property
    def count(self) -> int:
        """Of values so far."""
        return sum(self._counts)

    def buckets(self) -> list[tuple[str, int]]:
        """How many values are at most as large as each bound, the last of which is infinite."""
        total, found = 0, list[tuple[str, int]]()
        for bound, count in zip((*self._bounds, float("inf")), tuple(self._counts), strict=True):
            total += count
            found.append(("+Inf" if bound == float("inf") else str(bound), total))
        return found
