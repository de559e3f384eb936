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
    """Of one replica. What was sent before its state last changed says nothing about how the replica does now.

    Times are in seconds of a clock that never goes back.

    Attributes:
        state: as of now.
        pause: seconds until the next probe of an open one.
        opened: how often it opened.
        on_open: is called whenever it does.
    """

    __slots__ = (
        "_answered_on_trial",
        "_in_a_row",
        "_settings",
        "_since",
        "_window",
        "on_open",
        "opened",
        "pause",
        "state",
    )

    def __init__(self, settings: Breaking) -> None:
        self.state = State.CLOSED
        self.pause = settings.open_seconds
        self.opened = 0
        self.on_open: Callable[[], None] | None = None
        self._settings = settings
        self._window = Window(settings.window_seconds)
        self._since = 0.0
        self._in_a_row = 0
        self._answered_on_trial = 0

    def admits(self, outstanding: int) -> bool:
        """Whether one more request may go out while so many are."""
        if self.state is _CLOSED:
            return True
        return self.state is State.HALF_OPEN and outstanding < self._settings.trials

    def succeed(self, begun: float, now: float) -> None:
        """A request that was sent at `begun` is answered."""
        if self.state is _CLOSED:
            self._in_a_row = 0
            self._window.add_first(now)
        elif self.state is State.HALF_OPEN and begun >= self._since:
            self._answered_on_trial += 1
            if self._answered_on_trial >= self._settings.trials:
                self.close(now)

    def fail(self, begun: float, now: float) -> None:
        """A request that was sent at `begun` fails in a way that is the replica's fault."""
        if begun < self._since:
            return
        if self.state is State.HALF_OPEN:
            self.open(now)
        elif self.state is State.CLOSED:
            self._in_a_row += 1
            self._window.add_second(now)
            if self._in_a_row >= self._settings.failures or self._is_poor(now):
                self.open(now)

    def open(self, now: float) -> None:
        """Leave the replica alone; each time in a row that it was not worth trying, for longer."""
        if self.state is State.HALF_OPEN:
            self.wait_longer()
        if self.state is not State.OPEN:
            self._become(State.OPEN, now)
            self.opened += 1
            if self.on_open is not None:
                self.on_open()

    def wait_longer(self) -> None:
        """Its probe failed."""
        self.pause = min(self.pause * 2, self._settings.longest_open_seconds)

    def try_again(self, now: float) -> None:
        """Its probe was answered: some requests may show whether it does what is asked."""
        if self.state is State.OPEN:
            self._become(State.HALF_OPEN, now)
            self._answered_on_trial = 0

    def close(self, now: float) -> None:
        """All is well."""
        self._become(State.CLOSED, now)
        self.pause = self._settings.open_seconds
        self._in_a_row = 0
        self._window.clear()

    def _become(self, state: State, now: float) -> None:
        self.state = state
        self._since = now

    def _is_poor(self, now: float) -> bool:
        answered, failed = self._window.totals(now)
        total = answered + failed
        return total >= self._settings.least_requests and failed >= total * self._settings.share
