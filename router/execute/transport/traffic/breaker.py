"""Whether a replica is worth a request, told from what became of the last ones.

The breaker knows no clock and no network: it is told the time, and someone else probes (see `watch`).
"""

from collections.abc import Callable
from enum import Enum

from router.execute.transport.traffic.settings import Breaking
from router.execute.transport.traffic.window import Window


class State(Enum):
    """Of a breaker: closed lets everything pass, open nothing, half open a few requests on trial."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


_CLOSED = State.CLOSED
"""Looking a member up costs as much as a call."""


class Breaker:
    """Of one replica.

    Attributes:
        state: as of now.
        pause: seconds until the next probe of an open one.
        opened: how often it opened.
        on_open: is called whenever it does.
    """

    __slots__ = ("_answered_on_trial", "_in_a_row", "_settings", "_window", "on_open", "opened", "pause", "state")

    def __init__(self, settings: Breaking) -> None:
        self.state = State.CLOSED
        self.pause = settings.open_seconds
        self.opened = 0
        self.on_open: Callable[[], None] | None = None
        self._settings = settings
        self._window = Window(settings.window_seconds)
        self._in_a_row = 0
        self._answered_on_trial = 0

    def admits(self, outstanding: int) -> bool:
        """Whether one more request may go out while so many are."""
        if self.state is _CLOSED:
            return True
        return self.state is State.HALF_OPEN and outstanding < self._settings.trials

    def succeed(self, now: float) -> None:
        """A request was answered."""
        self._in_a_row = 0
        if self.state is _CLOSED:
            self._window.add_first(now)
        elif self.state is State.HALF_OPEN:
            self._answered_on_trial += 1
            if self._answered_on_trial >= self._settings.trials:
                self.close()

    def fail(self, now: float) -> None:
        """A request failed in a way that is the replica's fault."""
        self._in_a_row += 1
        if self.state is State.HALF_OPEN:
            self.open()
        elif self.state is State.CLOSED:
            self._window.add_second(now)
            if self._in_a_row >= self._settings.failures or self._is_poor(now):
                self.open()

    def open(self) -> None:
        """Leave the replica alone from now on; each time in a row that it was not worth trying, for longer."""
        if self.state is State.HALF_OPEN:
            self.wait_longer()
        if self.state is not State.OPEN:
            self.state = State.OPEN
            self.opened += 1
            if self.on_open is not None:
                self.on_open()

    def wait_longer(self) -> None:
        """Its probe failed."""
        self.pause = min(self.pause * 2, self._settings.longest_open_seconds)

    def try_again(self) -> None:
        """Its probe was answered: some requests may show whether it does what is asked."""
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN
            self._answered_on_trial = 0
            self._in_a_row = 0

    def close(self) -> None:
        """All is well."""
        self.state = State.CLOSED
        self.pause = self._settings.open_seconds
        self._in_a_row = 0
        self._window.clear()

    def _is_poor(self, now: float) -> bool:
        answered, failed = self._window.totals(now)
        total = answered + failed
        return total >= self._settings.least_requests and failed >= total * self._settings.share
