"""How much of the processor each tenant has for what has not been asked before, while others ask too."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from router.execute.transport.traffic.fair_queue import FairQueue
from router.execute.transport.traffic.settings import Concurrency

SHARE: Final = 0.2
"""Of the time, that goes to looking at documents and planning for one tenant, while there are others."""

BURST_SECONDS: Final = 0.002
"""Of such work that a tenant has at once: about one document's. Several in a row would hold an answer up several times;
a new version of an application, which needs as many, waits some milliseconds more for each."""

COMPANY_SECONDS: Final = 1.0
"""For which a tenant is there after it asked for something."""

MOST_REST_SECONDS: Final = 0.005
"""After one piece of work, however long it took: who asks for much that is new waits twice as long, not for ever."""

LASTING_SHARE: Final = 0.02
"""Of the time, that goes to such work of one tenant however long it goes on."""

LASTING_SECONDS: Final = 0.05
"""Of such work beyond that share, after which it is no new version of an application: about thirty documents."""

LASTING_REST_SECONDS: Final = 0.02
"""The same as the most of a rest, from then on."""

KNOWN: Final = 1_000
"""Tenants, beyond which those are looked for that have nothing to pay back."""

ONE_OF_EACH: Final = Concurrency(requests=1_000_000, tenant_share=0.0)


@dataclass(slots=True)
class Account:
    """What a tenant has had, by the monotonic clock.

    Attributes:
        due: when it has paid that back.
        rests_until: when it may go on.
        lasting_due: when it has paid back what it had beyond the share that lasts.
    """

    due: float = 0.0
    rests_until: float = 0.0
    lasting_due: float = 0.0


class Pace:
    """Each tenant's pieces of work wait for one another, and after what took long for a while more.

    An event loop that goes from one unseen document to the next holds up every answer several times, as each needs
    several turns of it. Nobody rests where nobody else is.

    Attributes:
        latest: the tenant that asked for something last, whether or not that was known.
    """

    def __init__(self) -> None:
        self.latest: str | None = None
        self._company_until = 0.0
        self._accounts: dict[str | None, Account] = {}
        self._queue = FairQueue(ONE_OF_EACH)

    def meet(self, tenant: str | None) -> None:
        """Note that another tenant than the latest asks for something."""
        self.latest = tenant
        self._company_until = time.monotonic() + COMPANY_SECONDS

    async def enter(self, tenant: str | None, *, ahead: bool) -> None:
        """Wait until no other work of the tenant's is under way, and it has rested; perhaps ahead of what waits.

        Raises:
            Crowded: too many wait, most of them from this tenant.
        """
        await self._queue.enter(_name(tenant), ahead=ahead)
        account = self._accounts.get(tenant)
        rest = 0.0 if account is None else account.rests_until - time.monotonic()
        if rest > 0:
            try:
                await asyncio.sleep(rest)
            except asyncio.CancelledError:
                self._queue.leave(_name(tenant))
                raise

    def leave(self, tenant: str | None, spent: float) -> None:
        """End work that took so many seconds."""
        now = time.monotonic()
        rest = self.rest(tenant, spent, now)
        if rest > 0:
            self._accounts[tenant].rests_until = now + rest
        self._queue.leave(_name(tenant))

    def rest(self, tenant: str | None, spent: float, now: float) -> float:
        """How many seconds a tenant waits after work that took `spent`, counting that among what it had."""
        if now >= self._company_until:
            return 0.0
        if len(self._accounts) >= KNOWN:
            self._accounts = {each: account for each, account in self._accounts.items() if account.lasting_due > now}
        account = self._accounts.setdefault(tenant, Account())
        due = max(account.due, now) + spent / SHARE
        rest = min(max(due - now - BURST_SECONDS / SHARE, 0.0), MOST_REST_SECONDS)
        account.due = min(due, now + rest + BURST_SECONDS / SHARE)
        allowed = LASTING_SECONDS / LASTING_SHARE
        lasting = max(account.lasting_due, now) + spent / LASTING_SHARE
        account.lasting_due = min(lasting, now + 2 * allowed)
        return max(rest, min(lasting - now - allowed, LASTING_REST_SECONDS))


def _name(tenant: str | None) -> str:
    """Of a tenant in the queue, where nobody in particular is one as well."""
    return tenant or ""
