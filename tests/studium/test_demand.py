"""The settings say what a tenant may ask for, and all routers count it together."""

from typing import Any

import pytest
from pydantic import SecretStr

from router.serve.demand.config import Per, Unit
from studium.demand import demand_of
from studium.settings import StudiumSettings


def settings(**given: Any) -> StudiumSettings:
    return StudiumSettings(redis_url=SecretStr("redis://127.0.0.1:6379/0"), **given)


def test_a_tenant_has_requests_and_cost_for_a_minute() -> None:
    demand = demand_of(settings())
    assert [(rate.unit, rate.per, rate.seconds) for rate in demand.rates] == [
        (Unit.REQUESTS, Per.TENANT, 60),
        (Unit.COST, Per.TENANT, 60),
    ]
    assert demand.measured  # so that what was estimated too much is given back
    assert demand.redis_url == "redis://127.0.0.1:6379/0"


def test_an_address_has_requests_where_that_is_wanted() -> None:
    (rate,) = demand_of(
        settings(tenant_requests_per_minute=None, tenant_cost_per_minute=None, address_requests_per_minute=100)
    ).rates
    assert (rate.quota, rate.unit, rate.per) == (100, Unit.REQUESTS, Per.ADDRESS)


def test_without_rates_there_is_no_redis_to_ask() -> None:
    demand = demand_of(settings(tenant_requests_per_minute=None, tenant_cost_per_minute=None))
    assert (demand.rates, demand.measured, demand.redis_url) == ((), False, None)


@pytest.mark.parametrize("wanted", [True, False])
def test_answers_tell_their_cost_where_that_is_wanted(*, wanted: bool) -> None:
    assert demand_of(settings(tell_cost=wanted)).told is wanted
