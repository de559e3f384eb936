"""Counts of the last seconds."""

from collections import deque

SLICES = 10


class Window:
    """How often two things happened in the last seconds, forgotten in tenths of them.

    Times are in seconds of a clock that never goes back. Counting is cheap, as it is done for every request; summing up
    is done when something has failed.
    """

    __slots__ = ("_here", "_number", "_per_second", "_slices")

    def __init__(self, seconds: float) -> None:
        self._per_second = SLICES / seconds
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._slices: deque[tuple[int, list[int]]] = deque()
        """Each with its number."""
        self._number = -1
        self._here = [0, 0]

    def add_first(self, now: float) -> None:
        """The first thing happens."""
        if int(now * self._per_second) != self._number:
            self._move(now)
        self._here[0] += 1

    def add_second(self, now: float) -> None:
        """The second thing happens."""
        if int(now * self._per_second) != self._number:
            self._move(now)
        self._here[1] += 1

    def totals(self, now: float) -> tuple[int, int]:
        """Both counts, of the last seconds."""
        self._forget(int(now * self._per_second))
        return sum(counts[0] for _, counts in self._slices), sum(counts[1] for _, counts in self._slices)

    def _move(self, now: float) -> None:
        """Begin a slice."""
        self._number = int(now * self._per_second)
        self._forget(self._number)
        self._here = [0, 0]
        self._slices.append((self._number, self._here))

    def _forget(self, number: int) -> None:
        """Forget what has gone by when this slice is the current one."""
        while self._slices and self._slices[0][0] <= number - SLICES:
            self._slices.popleft()
