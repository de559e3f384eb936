"""Room for so many at a time; who finds none waits, and tenants take turns."""

import asyncio
from collections import Counter, OrderedDict, deque
from typing import TypeAlias

from router.execute.transport.traffic.settings import Concurrency

Tenant: TypeAlias = str | None


class Crowded(Exception):
    """So many wait already that one of those from this tenant has to go."""


class Dismissed(Exception):
    """There is nothing to wait for any more."""


class FairQueue:
    """Each tenant's requests keep their order, and whose turn it is gets one place.

    So nobody waits for longer than it takes every other tenant to have as many places as stand before them, however
    many requests another one has. No tenant has all places, so that a quiet one finds one at once. Where too many
    wait, the tenant that has most of them loses its last one.
    """

    def __init__(self, settings: Concurrency) -> None:
        self.running = 0
        self.waiting = 0
        self._settings = settings
        self._share = max(1, int(settings.requests * settings.tenant_share))
        self._running: Counter[Tenant] = Counter()
        """Of each tenant that has a place; who is nobody in particular is not counted."""
        self._turns: OrderedDict[Tenant, deque[asyncio.Future[None]]] = OrderedDict()
        """Who waits, the tenant whose turn it is first."""

    def enter_at_once(self, tenant: Tenant) -> bool:
        """Take a place, unless somebody would have to wait.

        Where a place is free, whoever waits has their share, so that nobody is overtaken.
        """
        if self.running >= self._settings.requests or not self._may(tenant):
            return False
        self._take(tenant)
        return True

    async def enter(self, tenant: Tenant, *, ahead: bool = False) -> None:
        """Wait for a place, perhaps ahead of the same tenant's others; whoever has got one leaves it.

        Raises:
            Crowded: too many wait, most of them from this tenant.
            Dismissed: all that waited were sent away.
        """
        if self.enter_at_once(tenant):
            return
        place = self._line_up(tenant, ahead=ahead)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave(tenant)  # it was given a place just now
            else:
                self._drop(tenant, place)
            raise

    def leave(self, tenant: Tenant) -> None:
        """Give a place of that tenant's back: the next one that may have it gets it."""
        self.running -= 1
        if tenant is not None:
            self._running[tenant] -= 1
            if not self._running[tenant]:
                del self._running[tenant]
        while self.running < self._settings.requests and self._admit():
            pass  # a place for each

    def dismiss(self) -> None:
        """Send all away that wait."""
        lines = tuple(self._turns.values())
        self._turns.clear()
        self.waiting = 0
        for place in (place for line in lines for place in line if not place.done()):
            place.set_exception(Dismissed())

    def _may(self, tenant: Tenant) -> bool:
        return tenant is None or self._running[tenant] < self._share

    def _take(self, tenant: Tenant) -> None:
        self.running += 1
        if tenant is not None:
            self._running[tenant] += 1

    def _admit(self) -> bool:
        """Let the first one in of the tenant whose turn it is, of those that may have another place.

        Its next turn comes after all others'. Few are looked at, as few can have their share at the same time.
        """
        for tenant in filter(self._may, self._turns):
            self._let_in(tenant)
            return True
        return False

    def _let_in(self, tenant: Tenant) -> None:
        line = self._turns.pop(tenant)
        place = line.popleft()
        if line:
            self._turns[tenant] = line
        self.waiting -= 1
        if not place.done():  # else it was cancelled just now
            self._take(tenant)
            place.set_result(None)

    def _line_up(self, tenant: Tenant, *, ahead: bool) -> asyncio.Future[None]:
        if self.waiting >= self._settings.waiting:
            self._make_room(tenant)
        place = asyncio.get_running_loop().create_future()
        line = self._turns.setdefault(tenant, deque())
        if ahead:
            line.appendleft(place)
        else:
            line.append(place)
        self.waiting += 1
        return place

    def _make_room(self, tenant: Tenant) -> None:
        """Send away the last one of the tenant that has most.

        Raises:
            Crowded: that is the one who is coming.
        """
        most = max(self._turns, key=lambda each: len(self._turns[each]), default=None)
        own = len(self._turns.get(tenant, ()))
        if not self._turns or own + 1 >= len(self._turns[most]):
            raise Crowded
        place = self._turns[most].pop()  # others remain, as it has more than one
        self.waiting -= 1
        if not place.done():
            place.set_exception(Crowded())

    def _drop(self, tenant: Tenant, place: asyncio.Future[None]) -> None:
        """Forget one that waits no longer, if it has not been sent away."""
        line = self._turns.get(tenant)
        if line is not None and place in line:
            line.remove(place)
            self.waiting -= 1
            if not line:
                del self._turns[tenant]
