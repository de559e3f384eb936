"""A short walk through the model of three tenants, the same each time; `make fuzz` takes long ones."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.isolation.stateful import ThreeTenants
from tests.isolation.world import World

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

SHORT = settings(
    max_examples=3,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_the_platform_agrees_with_a_model_of_three_tenants_apart(world: World, newcomer: str) -> None:
    ThreeTenants.world, ThreeTenants.newcomer = world, newcomer
    run_state_machine_as_test(ThreeTenants, settings=SHORT)
