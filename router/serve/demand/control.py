"""Demand control of one router: what may be executed, and what clients are told of its cost."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import time
from typing import Any

import orjson

from router.execute import Response
from router.execute.json import JSONObject
from router.serve.demand.actual import Meter
from router.serve.demand.config import Demand, Per, Rate, Unit
from router.serve.demand.counters import Counters, LocalCounters, SharedCounters
from router.serve.demand.rates import Rates, RatesFor, Share, moment, rate_headers
from router.serve.errors import Refused
from router.serve.request import RequestContext
from router.serve.telemetry.sighting import SIGHTING


@dataclass(frozen=True, slots=True)
class Charge:
    """What one execution was charged before it began."""

    estimated: float
    shares: list[Share]


class DemandControl:
    """Takes from budgets before an execution, and settles with its answer."""

    def __init__(
        self,
        demand: Demand | None = None,
        rates_for: RatesFor | None = None,
        counters: Counters | None = None,
        clock: Callable[[], float] = time,
    ) -> None:
        """Make what all requests share.

        Args:
            demand: what operations may cost.
            rates_for: the rates of a request, in place of those that `demand` has for all. It is called several times
                for a request, and so must be quick; rates of one name must be alike for requests of one key.
            counters: of the rates, in place of those that `demand` says.
            clock: seconds since the epoch.
        """
        self.demand = demand or Demand()
        self.counters = counters or _counters(self.demand)
        rates = self.demand.rates
        self._everybodys: RatesFor = rates_for or (lambda _: rates)
        self._rates = Rates(self.counters, self._rates_for, clock)
        self._by_address = rates_for is not None or any(rate.per is Per.ADDRESS for rate in rates)
        self._dry_run_header = (self.demand.dry_run_header or "").lower()
        self._is_active = bool(rates_for or rates) or self.demand.told or self.demand.measured

    def concerns(self, context: RequestContext) -> bool:
        """Whether there is anything to be done for a request."""
        return self._is_active or (context.policy is not None and bool(context.policy.rates))

    def _rates_for(self, context: RequestContext) -> Sequence[Rate]:
        """Those of the tenant, or else of everybody."""
        own = None if context.policy is None else context.policy.rates
        return self._everybodys(context) if own is None else own

    def seen(self, context: RequestContext, headers: Mapping[str, str], address: str | None) -> RequestContext:
        """The context of a request with what demand control has to know of it.

        Args:
            context: by the authenticate hook.
            headers: of the request, by names in lower case.
            address: where it comes from.
        """
        if self._dry_run_header and self._dry_run_header in headers:
            context = replace(context, dry_run=True)
        if self._by_address and context.address is None and address:
            return replace(context, address=address)
        return context

    def check(self, context: RequestContext) -> None:
        """Refuse who is known to have no request left, before any work.

        Raises:
            Refused: that is so.
        """
        if context.dry_run:
            return
        try:
            self._rates.check(context)
        except Refused:
            seen = SIGHTING.get()
            if seen is not None:
                seen.context = context  # whose it is counts, even though nobody knows what was asked
            raise

    @asynccontextmanager
    async def counting(self, context: RequestContext) -> AsyncGenerator[None]:
        """Take one request for the work within the block: who has none left shall not make us work.

        What goes well gives it back, as executing takes its own; what is refused has had it.

        Raises:
            Refused: there is none left.
        """
        shares = await self._rates.take(context, None)
        yield
        self._rates.cancel(shares)

    async def admit(self, context: RequestContext, cost: float) -> Charge:
        """Take what an execution is estimated to cost.

        Raises:
            Refused: there is not enough left.
        """
        return Charge(cost, await self._rates.take(context, cost))

    def settle(self, charge: Charge, meter: Meter | None, response: Response, variables: Mapping[str, Any]) -> None:
        """Give back what was too much, and put into the response what clients are told; `variables` are coerced."""
        actual = None
        if meter is not None:
            data = response.data if response.raw is None else orjson.loads(response.raw)
            actual = meter.measure(data, variables)
            seen = SIGHTING.get()
            if seen is not None:
                seen.actual = actual
            self._rates.give_back(charge.shares, actual)
        self.tell(charge, response, actual)

    def tell(self, charge: Charge, response: Response, actual: float | None = None) -> None:
        """Put into the response what clients are told."""
        if charge.shares:
            response.headers = {**response.headers, **rate_headers(charge.shares, time())}
        if self.demand.told:
            response.extensions = {**response.extensions, "cost": _told(charge, actual)}

    async def aclose(self) -> None:
        """Close the connections of the counters."""
        await self.counters.aclose()


def dry_run(cost: float) -> Response:
    """The answer to a request that is not to be executed: no data, and what there would have been to pay."""
    return Response(extensions={"cost": {"estimated": _number(cost)}})


def _told(charge: Charge, actual: float | None) -> JSONObject:
    told: JSONObject = {"estimated": _number(charge.estimated)}
    if actual is not None:
        told["actual"] = _number(actual)
    by_cost = [share for share in charge.shares if share.rate.unit is Unit.COST]
    if by_cost:
        least = min(by_cost, key=lambda share: share.remaining)
        told |= {"remaining": least.remaining, "resetAt": moment(least.reset)}
    return told


def _number(cost: float) -> float:
    """Whole where it is."""
    return int(cost) if cost == int(cost) else cost


def _counters(demand: Demand) -> Counters:
    return LocalCounters() if demand.redis_url is None else SharedCounters(demand.redis_url, demand)
