"""Whoever runs the platform reads in logs, traces, metrics and Redis nothing that tenants have written.

A word stands in every text of each tenant. Redis holds it in one place: what happened waits there for those who are
to know of it, each event under its own tenant. `make fuzz` looks again after every mutation has been tried.
"""

from http import HTTPStatus

import pytest

from tests.isolation.client import Client
from tests.isolation.graph import Operation
from tests.isolation.watching import kept_in_redis, seen_by_operators
from tests.isolation.world import World

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]


async def test_logs_traces_and_metrics_say_nothing_that_was_written(world: World, client: Client) -> None:
    await client.ask(Operation("query Me { me { email displayName } }", {}), world.amber.owner, traced=True)
    refused = f"http://{world.address.router}/t/amber/oauth/authorize?state={world.amber.canary}&client_id=%00"
    async with client.http.get(refused) as answer:
        assert answer.status == HTTPStatus.BAD_REQUEST
    assert await seen_by_operators(world, client) == []


async def test_redis_holds_events_each_under_its_tenant_and_names_nobody_in_a_key(world: World) -> None:
    events, found = await kept_in_redis(world)
    assert events
    assert found == []
