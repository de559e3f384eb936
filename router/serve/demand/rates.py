"""Who may have how much in a time: taking it before work, and giving back afterwards what was too much."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, partial
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import time
from typing import TypeAlias

from router.serve.demand.config import Per, Rate, Unit
from router.serve.demand.counters import Counters
from router.serve.errors import RATE_LIMITED, TOO_EXPENSIVE, Refused, coded_error
from router.serve.request import RequestContext

RatesFor: TypeAlias = Callable[[RequestContext], Sequence[Rate]]
"""The rates that hold for a request."""

KNOWN_EXHAUSTED = 10_000
"""Keys that are remembered to have nothing left, so that they cost nothing any more until they have."""


@dataclass(slots=True)
class Share:
    """What a client has of one rate in one window.

    Attributes:
        taken: for the request at hand.
        used: in all, this request's included.
        reset: when the next window begins, in seconds since the epoch.
    """

    rate: Rate
    key: str
    window: int
    taken: int
    used: int = 0

    @property
    def reset(self) -> int:
        return (self.window + 1) * self.rate.seconds

    @property
    def remaining(self) -> int:
        return max(0, self.rate.quota - self.used)

    def seconds_left(self, now: float) -> int:
        """Whole seconds until the next window, at least one."""
        return max(1, ceil(self.reset - now))


class Rates:
    """Takes from the rates of requests.

    What is given back goes with the next request that takes from the same rate, so that it costs no journey of its own.
    """

    def __init__(self, counters: Counters, rates_for: RatesFor, clock: Callable[[], float] = time) -> None:
        self._counters = counters
        self._rates_for = rates_for
        self._clock = clock
        self._back: dict[tuple[str, str, int], int] = {}
        self._exhausted: dict[tuple[Rate, str], int] = {}

    def check(self, context: RequestContext) -> None:
        """Refuse at once, before any work, whoever is known to have no request left.

        Raises:
            Refused: that is so.
        """
        if self._exhausted:
            now = self._clock()
            for rate in self._rates_for(context):
                key = key_of(rate.per, context)
                reset = None if key is None else self._exhausted.get((rate, key))
                if key is not None and reset is not None and rate.unit is Unit.REQUESTS:
                    if now < reset:
                        share = Share(rate, key, int(now // rate.seconds), 0, rate.quota)
                        refused = self._refusal([share], [share])
                        refused.holds = partial(self._are_exhausted, rate, key, int(now))
                        raise refused
                    del self._exhausted[rate, key]

    def _are_exhausted(self, rate: Rate, key: str, second: int) -> bool:
        """Whether nothing is left, and it is the same second as then: refusals tell how many are to be waited."""
        return (rate, key) in self._exhausted and int(self._clock()) == second

    async def take(self, context: RequestContext, cost: float | None) -> list[Share]:
        """Take one request from every rate, and from those by cost the cost; None takes from none of these.

        Raises:
            Refused: there is not enough left, or there never is; nothing is taken then.
        """
        shares = list(self._shares(context, None if cost is None else ceil(cost)))
        for share in shares:
            await self._add(share)
        over = [share for share in shares if share.used > share.rate.quota]
        if over:
            self._undo(shares, over)
            raise self._refusal(shares, over)
        return shares

    def cancel(self, shares: Sequence[Share]) -> None:
        """Give back all that was taken: who was refused meanwhile may have it."""
        for share in shares:
            self._return(share, share.taken)
            self._exhausted.pop((share.rate, share.key), None)

    def give_back(self, shares: Sequence[Share], cost: float) -> None:
        """Give back what was taken beyond the cost; who was charged too little has to pay the rest."""
        for share in shares:
            if share.rate.unit is Unit.COST:
                self._return(share, share.taken - ceil(cost))

    def _shares(self, context: RequestContext, cost: int | None) -> list[Share]:
        now = self._clock()
        shares: list[Share] = []
        for rate in self._rates_for(context):
            key = key_of(rate.per, context)
            amount = 1 if rate.unit is Unit.REQUESTS else cost
            if key is None or amount is None:
                continue
            if amount > rate.quota:
                message = f"The operation costs {amount:,}, and {rate.name} never allows more than {rate.quota:,}."
                raise Refused.because(message, TOO_EXPENSIVE)
            shares.append(Share(rate, key, int(now // rate.seconds), amount))
        return shares

    async def _add(self, share: Share) -> None:
        amount = share.taken + self._back.pop((share.rate.name, share.key, share.window), 0)
        if amount < share.taken:  # apart, as nobody waits for it: who is cancelled below loses nothing of others'
            await self._counters.add(share.rate, share.window, share.key, amount - share.taken)
            amount = share.taken
        share.used = await self._counters.add(share.rate, share.window, share.key, amount)

    def _return(self, share: Share, amount: int) -> None:
        if not amount:
            return
        share.used -= amount
        key = (share.rate.name, share.key, share.window)
        self._back[key] = self._back.get(key, 0) - amount
        if len(self._back) > KNOWN_EXHAUSTED:  # of clients that have not come back
            del self._back[next(iter(self._back))]

    def _undo(self, shares: Sequence[Share], over: Sequence[Share]) -> None:
        self.cancel(shares)
        for share in over:
            if share.rate.unit is Unit.REQUESTS:
                self._exhausted[share.rate, share.key] = share.reset
                if len(self._exhausted) > KNOWN_EXHAUSTED:
                    del self._exhausted[next(iter(self._exhausted))]

    def _refusal(self, shares: Sequence[Share], over: Sequence[Share]) -> Refused:
        last = max(over, key=lambda share: share.reset)
        now = self._clock()
        headers = {**rate_headers(shares, now), "retry-after": str(last.seconds_left(now))}
        left = "No request" if last.rate.unit is Unit.REQUESTS else "Not enough"
        error = coded_error(
            f"{left} is left of {last.rate.quota:,} in {last.rate.seconds} seconds.",
            RATE_LIMITED,
            rate=last.rate.name,
            resetAt=moment(last.reset),
        )
        return Refused([error], HTTPStatus.TOO_MANY_REQUESTS, headers)


def rate_headers(shares: Sequence[Share], now: float) -> dict[str, str]:
    """What a client may still have.

    Source: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    if not shares:
        return {}
    policies = [_policy(share.rate) for share in shares]
    left = [f'"{share.rate.name}";r={share.remaining};t={share.seconds_left(now)}' for share in shares]
    return {"ratelimit-policy": ", ".join(policies), "ratelimit": ", ".join(left)}


@lru_cache(maxsize=1024)
def _policy(rate: Rate) -> str:
    return f'"{rate.name}";q={rate.quota};w={rate.seconds};qu="{rate.unit.value}"'


@lru_cache(maxsize=1024)
def moment(seconds: float) -> str:
    """A moment, given in seconds since the epoch, as clients read it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def key_of(per: Per, context: RequestContext) -> str | None:
    """With whom a client shares a rate; None if that is not known."""
    if per is Per.EVERYBODY:
        return "everybody"
    if per is Per.ADDRESS:
        return None if context.address is None else network_of(context.address)
    identity = context.identity
    if identity is None:
        return None
    if per is Per.TENANT:
        return identity.tenant
    own = identity.client if per is Per.CLIENT else identity.subject
    return None if own is None else f"{identity.tenant or ''}/{own}"


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """An address that one client has: of IPv6, everybody has a whole network of them."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
