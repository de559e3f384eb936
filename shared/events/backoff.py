"""Waiting longer after each failure in a row."""

import asyncio
import random


class Backoff:
    """Pauses that double from `first` to `longest` seconds, each shortened at random so that processes spread out."""

    def __init__(self, *, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self._failures = 0

    def reset(self) -> None:
        """Start again from the shortest pause: something has worked."""
        self._failures = 0

    def next(self) -> float:
        """Count a failure; returns the seconds to wait."""
        # 2 ** 30 is far beyond any longest pause; without the bound the power itself grows without end
        ceiling = min(self._longest, self._first * 2 ** min(self._failures, 30))
        self._failures += 1
        return ceiling * random.uniform(0.5, 1.0)

    async def pause(self) -> None:
        await asyncio.sleep(self.next())
