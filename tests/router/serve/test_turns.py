"""Heavy work is done one after the other, apart from the event loop."""

# The plan of an engine that is ready stands in for planning.
# pyright: reportPrivateUsage=false

import asyncio
import gc
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from router.plan.nodes import QueryPlan
from router.serve import Engine, GraphQLRequest, Identity, Limits, Refused, RequestContext
from router.serve.documents import Documents
from router.serve.turns import Turns
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._end = threading.Event()

    def work(self) -> str:
        self._loop.call_soon_threadsafe(self.begun.set)
        assert self._end.wait(PATIENCE_SECONDS)
        return "done"

    def let_go(self) -> None:
        self._end.set()


@pytest.fixture
async def held() -> AsyncGenerator[Held]:
    held = Held()
    yield held
    held.let_go()


def turns(seconds: float = PATIENCE_SECONDS) -> Turns:
    return Turns(seconds, "BUSY", "Too many.")


async def take(turns: Turns, work: Any, tenant: str | None = None) -> str:
    async with turns.turn(tenant) as run:
        return await run(work)


def _note(done: list[str], name: str) -> str:
    done.append(name)
    return name


async def test_the_event_loop_goes_on_meanwhile(held: Held) -> None:
    task = asyncio.create_task(take(turns(), held.work))
    await held.begun.wait()
    held.let_go()
    assert await task == "done"


async def test_the_next_one_waits_for_work_that_nobody_waits_for_any_more(held: Held) -> None:
    one_at_a_time = turns()
    first = asyncio.create_task(take(one_at_a_time, held.work))
    await held.begun.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    second = asyncio.create_task(take(one_at_a_time, lambda: "second"))
    await asyncio.sleep(0.01)
    assert not second.done()
    held.let_go()
    assert await second == "second"


async def test_who_waits_too_long_is_refused(held: Held) -> None:
    one_at_a_time = turns(seconds=0.01)
    first = asyncio.create_task(take(one_at_a_time, held.work))
    await held.begun.wait()
    with pytest.raises(Refused) as refused:
        await take(one_at_a_time, lambda: "never")
    assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "1"})
    assert refused.value.errors[0]["extensions"]["code"] == "BUSY"
    held.let_go()
    assert await first == "done"


async def test_a_tenant_waits_for_one_turn_of_another_at_most(held: Held) -> None:
    one_at_a_time = turns()
    done: list[str] = []
    first = asyncio.create_task(take(one_at_a_time, held.work, "greedy"))
    await held.begun.wait()
    names = ["greedy"] * 5 + ["modest"]
    others = [asyncio.create_task(take(one_at_a_time, partial(_note, done, each), each)) for each in names]
    await asyncio.sleep(0)
    held.let_go()
    await asyncio.gather(first, *others)
    assert done.index("modest") <= 1
    assert len(done) == 6


async def test_an_error_ends_a_turn_too() -> None:
    one_at_a_time = turns()
    with pytest.raises(ZeroDivisionError):
        await take(one_at_a_time, lambda: 1 // 0)
    assert await take(one_at_a_time, lambda: "next") == "next"


async def test_how_work_went_that_nobody_waits_for_is_not_told(held: Held) -> None:
    told: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    def fail() -> None:
        held.work()
        raise Refused.because("Nobody wants it any more.")

    one_at_a_time = turns()
    first = asyncio.create_task(take(one_at_a_time, fail))
    await held.begun.wait()
    first.cancel()
    with suppress(asyncio.CancelledError):
        await first
    held.let_go()
    assert await take(one_at_a_time, lambda: "next") == "next"
    del first
    gc.collect()
    assert told == []


class TestEngine:
    async def test_known_operations_are_answered_while_another_is_planned(self, held: Held) -> None:
        ready = library_engine(LibrarySubgraph())

        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            if name == "hard":
                held.work()
            return ready._plan(document, name, labels)

        engine = Engine(ready.schema, plan, ready.transports)
        easy, hard = GraphQLRequest("query easy { whoami }", "easy"), GraphQLRequest("query hard { whoami }", "hard")
        assert not (await engine.execute(easy, RequestContext())).errors
        planning = asyncio.create_task(engine.execute(hard, RequestContext()))
        await held.begun.wait()
        assert not (await engine.execute(easy, RequestContext())).errors
        assert not planning.done()
        held.let_go()
        assert not (await planning).errors

    async def test_too_many_to_plan_are_refused(self, held: Held) -> None:
        ready = library_engine(LibrarySubgraph())

        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            held.work()
            return ready._plan(document, name, labels)

        engine = Engine(ready.schema, plan, ready.transports, Limits(planning_seconds=0.01))
        first = asyncio.create_task(engine.execute(GraphQLRequest("{ whoami }"), RequestContext()))
        await held.begun.wait()
        other = RequestContext(identity=Identity("ada", "another tenant"))
        second = await engine.execute(GraphQLRequest("{ a: whoami }"), other)
        assert second.errors[0]["extensions"]["code"] == "QUERY_PLANNING_LIMIT"
        third = await engine.execute(GraphQLRequest("{ b: whoami }"), RequestContext())
        assert third.errors[0]["extensions"]["code"] == "SERVER_OVERLOADED"
        held.let_go()
        assert not (await first).errors

    async def test_one_operation_that_many_ask_for_is_planned_once(self) -> None:
        ready = library_engine(LibrarySubgraph())
        planned: list[str] = []

        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            time.sleep(0.01)
            planned.append(name)
            return ready._plan(document, name, labels)

        engine = Engine(ready.schema, plan, ready.transports)
        asked = [engine.execute(GraphQLRequest("{ whoami }"), RequestContext()) for _ in range(10)]
        assert not any(each.errors for each in await asyncio.gather(*asked))
        assert len(planned) == 1


async def test_everybody_else_goes_on_between_documents_that_nobody_has_seen() -> None:
    documents = Documents(library_engine(LibrarySubgraph()).schema, Limits())
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counting = asyncio.create_task(count_turns())
    asked = [documents.valid(f"{{ a{number}: whoami }}", "greedy") for number in range(20)]
    assert len(await asyncio.gather(*asked)) == 20
    counting.cancel()
    assert turns >= 19
