"""A subgraph that is dead, hangs, is slow, fails or flaps costs its own fields, and gets hardly more than is asked.

A router with two subgraphs is asked for a field of each, over and over; one of them is well all the time.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from router.compose import Composed, Subgraph, compose
from router.execute import Response
from router.execute.transport.traffic import Breaking, Concurrency, ManagedTransport, Retries, State
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.serve.access.identity import Identity
from router.serve.traffic import Traffic, TrafficConfig, build_transports
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.traffic.servers import Behaviour, Server, serving

QUERY = GraphQLRequest("{ a b }")
TRAFFIC = Traffic(
    sharing=False,
    timeout_seconds=PATIENCE_SECONDS,
    retries=Retries(first_seconds=0.001, longest_seconds=0.001),
    breaking=Breaking(stall_seconds=0.1, open_seconds=0.02, longest_open_seconds=0.1),
)


@dataclass(frozen=True)
class Setup:
    """A router and its two subgraphs."""

    engine: Engine
    good: Server
    bad: Server
    transport: ManagedTransport

    async def ask(self, tenant: str | None = None) -> Response:
        identity = None if tenant is None else Identity("somebody", tenant)
        return await self.engine.execute(QUERY, RequestContext(identity=identity))

    async def ask_often(self, times: int) -> Counter[str]:
        """Ask so often, one after the other; how often there was which code, and none at all for all the data."""
        codes: Counter[str] = Counter()
        for _ in range(times):
            codes[outcome(await self.ask())] += 1
        return codes


def outcome(response: Response) -> str:
    """The code of what is missing; the good subgraph's field is there whatever happens."""
    data: Any = response.as_json()["data"]
    assert data["a"] == 1
    assert (data["b"] is None) == bool(response.errors)
    assert len(response.errors) <= 1
    return "".join(each["extensions"]["code"] for each in response.errors)


@asynccontextmanager
async def router(traffic: Traffic = TRAFFIC, seconds: float | None = None) -> AsyncGenerator[Setup]:
    good, bad = Server(answer=b'{"data":{"a":1}}'), Server(answer=b'{"data":{"b":2}}')
    async with serving(good, bad) as (good_url, bad_url):
        composed = compose(
            [
                Subgraph("good", good_url, "type Query { a: Int }"),
                Subgraph("bad", bad_url, "type Query { b: Int }"),
            ]
        )
        assert isinstance(composed, Composed)
        transports = build_transports({"good": good_url, "bad": bad_url}, TrafficConfig(traffic))
        engine = Engine.from_sdl(composed.supergraph_sdl, transports, Limits(operation_seconds=seconds))
        transport = transports["bad"]
        assert isinstance(transport, ManagedTransport)
        yield Setup(engine, good, bad, transport)
        await engine.aclose()


class TestFaults:
    @pytest.mark.parametrize("behaviour", ["dropping", "failing"])
    async def test_a_dead_subgraph_is_left_alone_soon_and_costs_its_own_fields(self, behaviour: Behaviour) -> None:
        async with router() as setup:
            setup.bad.behaviour = behaviour
            codes = await setup.ask_often(100)
            assert codes["SUBGRAPH_UNREACHABLE"] + codes["SUBGRAPH_UNAVAILABLE"] == 100
            assert codes["SUBGRAPH_UNREACHABLE"] <= 5
            assert setup.bad.requests <= 10
            assert setup.good.requests == 100

    async def test_a_hung_one_costs_its_own_fields_when_the_operation_must_end(self) -> None:
        async with router(seconds=0.3) as setup:
            setup.bad.behaviour = "hung"
            first = await asyncio.gather(*(setup.ask() for _ in range(10)))
            assert {outcome(each) for each in first} == {"SUBGRAPH_TIMEOUT"}
            async with asyncio.timeout(PATIENCE_SECONDS):
                while setup.transport.health.replicas[0].state is not State.OPEN:  # noqa: ASYNC110  # it tells nobody
                    await asyncio.sleep(0.01)
            assert await setup.ask_often(10) == {"SUBGRAPH_UNAVAILABLE": 10}
            assert setup.good.requests == 20

    async def test_a_slow_one_is_waited_for_as_long_as_there_is_time(self) -> None:
        async with router() as setup:
            setup.bad.pause = 0.3
            responses = await asyncio.gather(*(setup.ask() for _ in range(5)))
            assert {outcome(each) for each in responses} == {""}

    async def test_one_that_flaps_gets_a_tenth_more_at_most_and_is_used_when_it_is_well(self) -> None:
        async with router() as setup:
            asked = 0
            behaviours: list[Behaviour] = ["good", "dropping", "good", "failing"]
            for number in range(12):
                setup.bad.behaviour = behaviours[number % 4]
                for _ in range(10):
                    responses = await asyncio.gather(*(setup.ask() for _ in range(5)))
                    asked += len(responses)
                    codes = {outcome(each) for each in responses}
                    assert codes <= {"", "SUBGRAPH_UNREACHABLE", "SUBGRAPH_UNAVAILABLE"}
            assert setup.bad.requests <= asked * 1.1
            assert setup.good.requests == asked
            setup.bad.behaviour = "good"
            async with asyncio.timeout(PATIENCE_SECONDS):
                while outcome(await setup.ask()):  # noqa: ASYNC110  # there is nothing else to wait for
                    await asyncio.sleep(0.01)

    async def test_what_fails_for_a_moment_is_not_noticed(self) -> None:
        async with router() as setup:
            await setup.ask_often(30)
            setup.bad.behaviour = "failing"
            asking = asyncio.create_task(setup.ask())
            await setup.bad.until(requests=31)
            setup.bad.behaviour = "good"
            assert outcome(await asking) == ""

    async def test_a_tenant_that_floods_a_subgraph_does_not_hold_up_another(self) -> None:
        async with router(Traffic(sharing=False, concurrency=Concurrency(requests=2))) as setup:
            setup.bad.pause = 0.001
            served: list[str] = []

            async def ask(tenant: str) -> None:
                assert outcome(await setup.ask(tenant)) == ""
                served.append(tenant)

            flood = [asyncio.create_task(ask("greedy")) for _ in range(200)]
            await setup.bad.until(requests=1)
            before = len(served)
            await asyncio.gather(*(ask("modest") for _ in range(10)))
            assert len(served) < before + 50
            await asyncio.gather(*flood)
