"""A word stands in every text that a tenant has written: nobody else reads it, nor does who reads logs and traces."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.isolation.choosing import likeliest
from tests.isolation.client import Client
from tests.isolation.fixtures import address, client, world
from tests.isolation.graph import Filler, Graph, Operation, Step, operation_of
from tests.isolation.reading import read_each, read_roots
from tests.isolation.world import World

__all__ = ["address", "client", "world"]

pytestmark = [pytest.mark.xdist_group("isolation"), pytest.mark.timeout(600)]

ENDS_SESSIONS = ("signOut", "revoke", "delete", "suspend", "deactivate", "disable", "erase", "requestErasure")
SEARCH = "query Search($text: String!) { search(query: $text, mode: TEXT) { item { id title } snippet } }"


def writing(graph: Graph, filler: Filler) -> list[Operation]:
    """Every mutation, with the filler's text wherever there is room for one."""
    return [
        operation_of("mutation", (Step(name, one),), filler, graph)
        for name, one in graph.root("mutation").items()
        if not name.startswith(ENDS_SESSIONS)
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


async def test_searching_for_it_finds_it_at_home_alone(world: World, client: Client) -> None:
    search = Operation(SEARCH, {"text": world.amber.canary})
    assert (await client.ask(search, world.amber.owner)).body["data"]["search"] != []
    assert (await client.ask(search, world.birch.owner)).body["data"]["search"] == []


async def test_whoever_runs_the_platform_reads_nothing_that_was_written(world: World, client: Client) -> None:
    await client.ask(Operation("query Me { me { email displayName } }", {}), world.amber.owner, traced=True)
    async with client.http.get(f"http://{world.address.router}/metrics") as response:
        metrics = await response.text()
    assert "router" in metrics
    assert "onboarding.active" in await asyncio.to_thread(Path(world.address.log).read_text)
    for place, text in {
        "log": await asyncio.to_thread(Path(world.address.log).read_text),
        "traces": await asyncio.to_thread(Path(world.address.spans).read_text),
        "metrics": metrics,
    }.items():
        for one in (world.amber, world.birch):
            lines = [line for line in text.splitlines() if one.canary in line]
            assert lines == [], (place, lines[:3])
        tokens = [one.owner.rpartition(".")[2] for one in (world.amber, world.birch)]
        assert [token for token in tokens if token in text] == [], place


def test_the_filler_fills_every_text(world: World) -> None:
    """Else the first test would write less than it says."""
    filler = Filler(partial(likeliest, {}), text="here", whole=True)
    [made] = [each for each in writing(world.graph, filler) if "createCourse(" in each.query]
    [given] = made.variables.values()
    assert {given["title"], given["summary"]} == {"here"}
