"""What a subgraph may get beyond the requests asked for, so that failing makes nothing worse."""

from router.execute.transport.traffic.settings import ExtraLoad
from router.execute.transport.traffic.window import Window


class Budget:
    """Of the retries and hedges of one subgraph. An extra request counts for as long as the requests it was due to.

    Clocks that are handed in never go back.
    """

    def __init__(self, settings: ExtraLoad) -> None:
        self._share = settings.share
        self._floor = settings.floor
        self._window = Window(settings.window_seconds)

    def request(self, now: float) -> None:
        """Count a request that was asked for."""
        self._window.add_first(now)

    def spend(self, now: float) -> bool:
        """Whether one more request may be sent, which then counts."""
        requests, extra = self._window.totals(now)
        if extra + 1 > max(requests * self._share, self._floor):
            return False
        self._window.add_second(now)
        return True
