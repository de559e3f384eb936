"""The walk of the graph as a whole: every identifier of another tenant, in every place that takes one."""

import pytest

from tests.isolation.attacker import Attacker
from tests.isolation.client import Client, Spans
from tests.isolation.fixtures import address, client, spans, world
from tests.isolation.test_walk import chosen, prober
from tests.isolation.world import World, move_in

__all__ = ["address", "client", "spans", "world"]

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(7200)]


@pytest.mark.parametrize("role", ["OWNER", "INSTRUCTOR", "LEARNER"])
@pytest.mark.parametrize("kind", ["query", "mutation"])
async def test_every_identifier_is_like_random_ones_everywhere(
    world: World, client: Client, spans: Spans, kind: str, role: str
) -> None:
    attacker = Attacker.of(client, await move_in(world.address, f"{kind}-{role.lower()}"), role)
    probing = prober(world, spans, attacker)
    probing.whole = True
    found = await probing.probe(*chosen(world.graph.positions, kind, whole=True))
    assert found == [], "\n".join(map(str, found))
