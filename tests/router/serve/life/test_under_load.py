"""Supergraphs are exchanged while clients ask and listen, and only those notice who listen to what is gone."""

import asyncio
import gc
import itertools
import re
import weakref
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from router.execute import InProcessTransport
from router.serve import Engine, GraphQLRequest, Refused, create_app
from router.serve.life.live import LiveEngine
from router.serve.request import ANYBODY
from router.serve.sources import of_subgraphs
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.life.graphs import describe

RELOADS = 5
CLIENTS = 3


async def execute(query: str, variables: Any, name: str | None, headers: Mapping[str, str]) -> dict[str, Any]:
    await asyncio.sleep(0.001)
    return {"data": {"a": 1}}


async def subscribe(
    query: str, variables: Any, name: str | None, headers: Mapping[str, str]
) -> AsyncGenerator[dict[str, Any]]:
    (field,) = re.findall(r"\w+\d", query)
    for number in itertools.count(1):
        yield {"data": {field: number}, "extensions": {"cursor": f"c{number}"}}
        await asyncio.sleep(0.005)


def made(path: Path, number: int) -> tuple[Engine, dict[str, InProcessTransport]]:
    """A supergraph with one field for good, and one that its successor has not any more."""
    transports = {"one": InProcessTransport(execute, subscribe)}
    sdl = f"type Query {{ a: Int c{number}: Int }} type Subscription {{ ticks0: Int! beats{number}: Int! }}"
    return Engine.from_sdl(of_subgraphs(describe(path, sdl)).supergraph_sdl, transports), transports


async def ask(client: httpx2.AsyncClient, answers: list[str]) -> None:
    while True:
        answer = await client.post("/graphql", json={"query": "{ a }"}, headers={"accept": "application/json"})
        answers.append(answer.text)


async def listen(engine: LiveEngine, field: str, events: list[int]) -> None:
    request = GraphQLRequest(f"subscription {{ {field} }}")
    async with aclosing(engine.subscribe(request, ANYBODY)) as responses:
        async for response in responses:
            assert response.data is not None
            events.append(response.data[field])


async def more(events: list[list[Any]], tasks: list[asyncio.Task[None]]) -> None:
    """Wait until each client has got something more, twice."""
    enough = [len(each) + 2 for each in events]
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(len(got) < wanted for got, wanted in zip(events, enough, strict=True)):
            assert not any(task.done() for task in tasks)
            await asyncio.sleep(0.005)


async def reloaded_under_load(live: LiveEngine, path: Path, engines: list[weakref.ref[Engine]]) -> None:
    """Exchange the supergraph again and again; the engines that are not used any more are noted."""
    answers, streams = list[str](), [list[int]() for _ in range(CLIENTS)]
    transport = httpx2.ASGITransport(create_app(live))
    async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
        tasks = [asyncio.create_task(ask(client, answers)) for _ in range(CLIENTS)]
        tasks += [asyncio.create_task(listen(live, "ticks0", each)) for each in streams]
        for number in range(RELOADS):
            passing = list[int]()
            ending = asyncio.create_task(listen(live, f"beats{number}", passing))
            await more([answers, *streams, passing], [*tasks, ending])
            engines.append(weakref.ref(live.current))
            await live.exchange(*await asyncio.to_thread(made, path, number + 1))
            with pytest.raises(Refused) as caught:
                await asyncio.wait_for(ending, PATIENCE_SECONDS)
            told = {"code": "SUBSCRIPTION_SCHEMA_RELOAD", "cursor": f"c{passing[-1]}"}
            assert caught.value.errors[0]["extensions"] == told
            await more([answers, *streams], tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert set(answers) == {'{"data":{"a":1}}'}
    assert all(events == list(range(1, len(events) + 1)) for events in streams)


async def test_no_request_fails_no_event_is_lost_and_no_engine_is_left(tmp_path: Path) -> None:
    path, engines = tmp_path / "s.json", list[weakref.ref[Engine]]()
    live = LiveEngine(*made(path, 0))
    await reloaded_under_load(live, path, engines)
    assert len(live.generations) == 1
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(each() is not None for each in engines):
            gc.collect()
            await asyncio.sleep(0.01)  # what was cancelled lets go in its own turn
