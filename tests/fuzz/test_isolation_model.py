"""Long random walks through the model of three tenants, each time others."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.isolation.fixtures import address, newcomer, world
from tests.isolation.stateful import ThreeTenants
from tests.isolation.world import World

__all__ = ["address", "newcomer", "world"]

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(3600)]

LONG = settings(
    max_examples=200, stateful_step_count=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_the_platform_agrees_with_a_model_of_three_tenants_apart(world: World, newcomer: str) -> None:
    ThreeTenants.world, ThreeTenants.newcomer = world, newcomer
    run_state_machine_as_test(ThreeTenants, settings=LONG)
