"""How late the event loop is: what waits for its turn waits as long."""

import asyncio
from typing import Final

from router.serve.telemetry.histogram import Histogram

EVERY_SECONDS: Final = 0.5


class LagWatch:
    """Looks now and then, until it is closed."""

    def __init__(self, lag: Histogram) -> None:
        self._lag = lag
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + EVERY_SECONDS
        self._timer = self._loop.call_at(self._due, self._look)

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        now = self._loop.time()
        self._lag.add(max(now - self._due, 0.0))
        self._due = now + EVERY_SECONDS
        self._timer = self._loop.call_at(self._due, self._look)
