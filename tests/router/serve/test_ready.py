"""The process says whether it lives, and whether it is of use."""

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from graphql import build_schema

from router.execute import InProcessTransport
from router.plan.nodes import QueryPlan
from router.serve import Engine, create_app, ready


class Toggle:
    """A subgraph that is up or down."""

    def __init__(self, *, up: bool) -> None:
        self.up = up
        self.probes = 0

    async def execute(self, *_: object) -> Mapping[str, Any]:
        self.probes += 1
        if not self.up:
            raise OSError("Down.")
        return {"data": {"__typename": "Query"}}


async def answer(path: str, **subgraphs: Toggle) -> tuple[int, dict[str, Any]]:
    """The answer of a new router over these subgraphs, to the second of two requests."""

    def plan(*_: object) -> QueryPlan:
        raise AssertionError("Nothing is planned here.")

    transports = {name: InProcessTransport(each.execute) for name, each in subgraphs.items()}
    app = create_app(Engine(build_schema("type Query { a: Int }"), plan, transports))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        await client.get(path)
        response = await client.get(path)
    return response.status_code, response.json()


async def test_the_process_says_that_it_lives() -> None:
    assert await answer("/health", a=Toggle(up=False)) == (200, {"status": "ok"})


@pytest.mark.parametrize("up", [True, False])
async def test_a_router_that_reaches_a_subgraph_is_ready(*, up: bool) -> None:
    unreachable = [] if up else ["b"]
    expected = (200, {"status": "ready", "unreachable": unreachable})
    assert await answer("/ready", a=Toggle(up=True), b=Toggle(up=up)) == expected


async def test_a_router_that_reaches_none_is_not() -> None:
    expected = (503, {"status": "not ready", "unreachable": ["a", "b"]})
    assert await answer("/ready", a=Toggle(up=False), b=Toggle(up=False)) == expected


async def test_asking_often_costs_the_subgraphs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "KEPT_SECONDS", 60.0)
    subgraph = Toggle(up=True)
    await answer("/ready", a=subgraph)
    assert subgraph.probes == 1
