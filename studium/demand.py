"""What clients of the platform may ask for: the price of one operation, and what a tenant may spend in a minute."""

from collections.abc import Iterator
from typing import Final

from router.serve.demand.config import Demand, Per, Rate, Unit
from studium.settings import StudiumSettings

DRY_RUN_HEADER: Final = "studium-dry-run"
MINUTE: Final = 60


def demand_of(settings: StudiumSettings) -> Demand:
    """Demand control as the settings want it; the rates of all routers are counted in the platform's Redis."""
    rates = tuple(_rates(settings))
    url = settings.redis_url.get_secret_value() if settings.redis_url is not None and rates else None
    return Demand(
        operation_cost=settings.operation_cost,
        measured=settings.tenant_cost_per_minute is not None,
        told=settings.tell_cost,
        dry_run_header=DRY_RUN_HEADER,
        rates=rates,
        redis_url=url,
        redis_prefix="studium:rates",
    )


def _rates(settings: StudiumSettings) -> Iterator[Rate]:
    if settings.tenant_requests_per_minute is not None:
        yield Rate("tenant-requests", settings.tenant_requests_per_minute, MINUTE)
    if settings.tenant_cost_per_minute is not None:
        yield Rate("tenant-cost", settings.tenant_cost_per_minute, MINUTE, Unit.COST)
    if settings.address_requests_per_minute is not None:
        yield Rate("address-requests", settings.address_requests_per_minute, MINUTE, per=Per.ADDRESS)
