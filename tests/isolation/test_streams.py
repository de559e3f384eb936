"""The walk again, over WebSockets and server-sent events: subscriptions, and all that can be asked by identifier."""

from collections.abc import Awaitable, Callable

import pytest

from tests.isolation.client import Answer, Client, Spans
from tests.isolation.graph import Filler, Operation
from tests.isolation.probing import Prober
from tests.isolation.streams import ask_events, ask_websocket
from tests.isolation.world import World

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

Way = Callable[[Client, Operation, str | None], Awaitable[Answer]]


@pytest.mark.parametrize("way", [ask_websocket, ask_events])
async def test_another_tenants_identifiers_are_like_random_ones(
    world: World, client: Client, spans: Spans, way: Way
) -> None:
    async def ask(operation: Operation) -> Answer:
        return await way(client, operation, world.birch.owner)

    filler = Filler(world.birch.own)
    probing = Prober(world.graph, ask, spans, world.amber.kinds, world.amber.secrets, filler, {world.birch.id.hex})
    positions = [
        position
        for position in world.graph.positions
        if position.kind == "subscription" or (position.kind == "query" and position.type_name == "ID")
    ]
    assert {position.kind for position in positions} == {"query", "subscription"}
    for position in positions:
        assert await probing.probe(position) == []


@pytest.mark.parametrize("way", [ask_websocket, ask_events])
async def test_ones_own_are_found_in_the_same_way(world: World, client: Client, way: Way) -> None:
    course = world.amber.kinds["courses.courses.id"][0]
    found = Operation("query Own($id: ID!) { course(id: $id) { id } }", {"id": course})
    assert (await way(client, found, world.amber.owner)).body == {"data": {"course": {"id": course}}}
    assert (await way(client, found, world.birch.owner)).body == {"data": {"course": None}}
