"""Counts of the last seconds."""

from collections import deque

SLICES = 10


class Window:
    """How often two things happened in the last seconds, forgotten in tenths of them.

    Times are in seconds of a clock that never goes back.
    """

    __slots__ = ("_first", "_per_second", "_second", "_slices")

    def __init__(self, seconds: float) -> None:
        self._per_second = SLICES / seconds
        self._slices: deque[list[int]] = deque()
        """Each with its number and the counts in it."""
        self._first = 0
        self._second = 0

    def add(self, now: float, first: int, second: int) -> None:
        """Count what happens now."""
        number = int(now * self._per_second)
        if not self._slices or self._slices[-1][0] != number:
            self._forget(number)
            self._slices.append([number, 0, 0])
        here = self._slices[-1]
        here[1] += first
        here[2] += second
        self._first += first
        self._second += second

    def totals(self, now: float) -> tuple[int, int]:
        """Both counts, of the last seconds."""
        self._forget(int(now * self._per_second))
        return self._first, self._second

    def clear(self) -> None:
        """Forget everything."""
        self._slices.clear()
        self._first = self._second = 0

    def _forget(self, number: int) -> None:
        """Forget what has gone by when this slice is the current one."""
        while self._slices and self._slices[0][0] <= number - SLICES:
            _, first, second = self._slices.popleft()
            self._first -= first
            self._second -= second
