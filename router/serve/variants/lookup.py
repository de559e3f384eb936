"""Policies of tenants, asked for once in a while: bounded, and once for all who want to know at the same time."""

import asyncio
import logging
from http import HTTPStatus
from time import monotonic
from typing import Final, NamedTuple

from router.execute.transport.flights import Flights
from router.serve.cache import LruCache
from router.serve.errors import Refused
from router.serve.request import RequestContext
from router.serve.variants.policy import PolicyOf, TenantPolicy

logger = logging.getLogger(__name__)

UNKNOWN: Final = "TENANT_UNKNOWN"
UNAVAILABLE: Final = "TENANT_UNAVAILABLE"

RETRY_SECONDS: Final = 1.0
"""How long a policy that nobody tells anew holds before that is asked again."""

_EARLY: Final = 0.5
"""Of the time that an answer holds: after it the next one is asked for while this one still serves."""


class Known(NamedTuple):
    """What was told of a tenant.

    Attributes:
        policy: None if there is no such tenant.
        asked: when, by the monotonic clock.
        soon: when it is to be asked again, without anybody waiting for it.
        until: when nobody is served by it any more.
    """

    policy: TenantPolicy | None
    asked: float
    soon: float
    until: float


class PolicyLookup:
    """Asks for policies, and remembers what was told, refusals included."""

    def __init__(self, policy_of: PolicyOf, *, keep_seconds: float, stale_seconds: float, entries: int) -> None:
        """Remember.

        Args:
            policy_of: is asked.
            keep_seconds: for which an answer holds.
            stale_seconds: for which it holds on where there is no other.
            entries: tenants that are remembered.
        """
        self._policy_of = policy_of
        self._keep_seconds = keep_seconds
        self._stale_seconds = stale_seconds
        self._known: LruCache[str | None, Known] = LruCache(entries, entries)
        self._flights: Flights[TenantPolicy | None] = Flights()
        self._renewing: dict[str | None, asyncio.Task[Known]] = {}
        self._forgotten = 0

    async def policy(self, tenant: str | None, context: RequestContext) -> TenantPolicy:
        """The policy of a tenant, or of callers without one.

        Raises:
            Refused: there is no such tenant, or nobody can tell.
        """
        known = self._known.get(tenant)
        now = monotonic()
        if known is None or known.until <= now:
            known = await self._asked(tenant, context, known)
        elif known.soon <= now and tenant not in self._renewing:
            self._renew(tenant, context, known)
        if known.policy is None:
            raise Refused.because("This tenant is not served.", UNKNOWN, HTTPStatus.FORBIDDEN)
        return known.policy

    def forget(self, tenant: str | None) -> None:
        """Ask again at the next request of a tenant, whose policy has changed; what is under way is not kept."""
        self._forgotten += 1
        self._known.drop(lambda key: key == tenant)

    def _renew(self, tenant: str | None, context: RequestContext, before: Known) -> None:
        """Ask while requests go on with what is known, so that those of a busy tenant never wait."""
        task = asyncio.create_task(self._asked(tenant, context, before))
        self._renewing[tenant] = task

        def done(task: "asyncio.Task[Known]") -> None:
            del self._renewing[tenant]
            if not task.cancelled():
                task.exception()  # whoever waits for an answer is told; here nobody does

        task.add_done_callback(done)

    async def _asked(self, tenant: str | None, context: RequestContext, before: Known | None) -> Known:
        asked, forgotten = monotonic(), self._forgotten
        try:
            policy = await self._flights.join((tenant, forgotten), lambda: self._ask(tenant, context))
        except Exception as error:  # noqa: BLE001  # of the owner's; it is in the log
            return self._kept(tenant, before, error, forgotten)
        known = Known(policy, asked, asked + self._keep_seconds * _EARLY, asked + self._keep_seconds)
        return self._noted(tenant, known, forgotten)

    def _noted(self, tenant: str | None, known: Known, forgotten: int) -> Known:
        """Remember what was told, unless something was forgotten since it was asked for: it may be of before that."""
        if forgotten == self._forgotten:
            self._known.put(tenant, known, 1)
        return known

    async def _ask(self, tenant: str | None, context: RequestContext) -> TenantPolicy | None:
        try:
            return await self._policy_of(tenant, context)
        except Exception:
            logger.warning("The policy of tenant %r could not be found", tenant, exc_info=True)
            raise

    def _kept(self, tenant: str | None, before: Known | None, error: Exception, forgotten: int) -> Known:
        """What was told before, where that is not too long ago.

        Raises:
            Refused: nothing was.
        """
        now = monotonic()
        if before is None or now > before.asked + self._keep_seconds + self._stale_seconds:
            headers = {"retry-after": "1"}
            message = "What holds for this tenant cannot be found at the moment."
            raise Refused.because(message, UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE, headers) from error
        again = now + RETRY_SECONDS
        return self._noted(tenant, before._replace(soon=again, until=max(before.until, again)), forgotten)
