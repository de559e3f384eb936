"""A word stands in every text that a tenant has written: nobody else reads it, nor does who reads logs and traces."""

from functools import partial

import pytest

from tests.isolation.choosing import likeliest
from tests.isolation.client import Client
from tests.isolation.fixtures import address, client, world
from tests.isolation.graph import Filler, Graph, Operation, Step, operation_of
from tests.isolation.reading import read_each, read_roots
from tests.isolation.watching import kept_in_redis, seen_by_operators
from tests.isolation.world import World

__all__ = ["address", "client", "world"]

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

ENDS_SESSIONS = ("signOut", "revoke", "delete", "suspend", "deactivate", "disable", "erase", "requestErasure")
NAMES_IN_ADDRESSES = {"signUpTenant"}
"""A slug is in logs; everybody may know it."""
SEARCH = "query Search($text: String!) { search(query: $text, mode: TEXT) { item { id title } snippet } }"


def writing(graph: Graph, filler: Filler) -> list[Operation]:
    """Every mutation, with the filler's text wherever there is room for one."""
    return [
        operation_of("mutation", (Step(name, one),), filler, graph)
        for name, one in graph.root("mutation").items()
        if not name.startswith(ENDS_SESSIONS) and name not in NAMES_IN_ADDRESSES
    ]


async def test_no_reader_but_its_own_tenant_sees_it(world: World, client: Client) -> None:
    amber, birch = world.amber, world.birch
    filler = Filler(amber.own, text=amber.canary, whole=True)
    for each in writing(world.graph, filler):
        await client.ask(each, amber.owner, traced=True)
    own = await read_roots(client, world.graph, amber.owner, traced=True)
    assert sum(amber.canary in answer.text for answer in own) > 3

    entities = {name: kind[:1] for name, kind in amber.kinds.items() if name.endswith(("s.id", "._id"))}
    for reader in (birch.owner, birch.learner, None):
        told = await read_roots(client, world.graph, reader)
        if reader == birch.owner:
            told += await read_each(client, world.graph, reader, entities)
        assert [answer.text for answer in told if amber.canary in answer.text] == []
    assert await seen_by_operators(world, client) == []
    assert (await kept_in_redis(world))[1] == []


async def test_searching_for_it_finds_it_at_home_alone(world: World, client: Client) -> None:
    search = Operation(SEARCH, {"text": world.amber.canary})
    assert (await client.ask(search, world.amber.owner)).body["data"]["search"] != []
    assert (await client.ask(search, world.birch.owner)).body["data"]["search"] == []


def test_the_filler_fills_every_text(world: World) -> None:
    """Else the first test would write less than it says."""
    filler = Filler(partial(likeliest, {}), text="here", whole=True)
    [made] = [each for each in writing(world.graph, filler) if "createCourse(" in each.query]
    [given] = made.variables.values()
    assert {given["title"], given["summary"]} == {"here"}
