"""An execution's terms bound every one of its requests, over whatever transport."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from graphql import parse

from router.compose import Composed, Subgraph, compose
from router.execute import Executor, HttpTransport, InProcessTransport, SubgraphRequest, SubgraphResponse
from router.execute.terms import Terms
from router.execute.transport import SubgraphTimeout
from router.plan import Planner
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.supergraph import Supergraph
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.raw_server import raw_server, reply, saying

SDL = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { a: Int }
"""


def now() -> float:
    return asyncio.get_running_loop().time()


async def never(
    query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
) -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


class TestTransports:
    async def test_a_deadline_ends_a_request_over_http(self) -> None:
        async with raw_server(saying(hold=True)) as url:
            transport = HttpTransport(url, timeout=PATIENCE_SECONDS)
            with pytest.raises(SubgraphTimeout):
                await transport.fetch(SubgraphRequest("s", "{a}", deadline=now() + 0.02))
            await transport.aclose()

    async def test_a_deadline_ends_a_request_in_process(self) -> None:
        transport = InProcessTransport(never, timeout=None)
        with pytest.raises(SubgraphTimeout):
            await transport.fetch(SubgraphRequest("s", "{a}", deadline=now() + 0.02))

    async def test_one_that_waits_shorter_leaves_the_others_that_wait_for_the_same(self) -> None:
        asked, answered = asyncio.Event(), asyncio.Event()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await answered.wait()
            writer.write(reply())
            await reader.read()

        async with raw_server(slow) as url:
            transport = HttpTransport(url, timeout=PATIENCE_SECONDS)
            first = SubgraphRequest("s", "{a}", idempotent=True, shareable=True, deadline=now() + 0.05)
            other = SubgraphRequest("s", "{a}", idempotent=True, shareable=True)
            leading = asyncio.create_task(transport.fetch(first))
            await asked.wait()
            following = asyncio.create_task(transport.fetch(other))
            with pytest.raises(SubgraphTimeout):
                await leading
            answered.set()
            assert await following == SubgraphResponse({"a": 1})
            await transport.aclose()


class Recorder:
    """A subgraph that takes note of what it is asked."""

    def __init__(self) -> None:
        self.seen: list[SubgraphRequest] = []

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        self.seen.append(request)
        return SubgraphResponse({"a": 1})

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        raise AssertionError
        yield SubgraphResponse({})

    async def aclose(self) -> None: ...


class TestTerms:
    async def test_every_request_of_an_execution_has_its_terms(self) -> None:
        composed = compose([Subgraph("s", "", SDL)])
        assert isinstance(composed, Composed)
        supergraph = Supergraph.from_sdl(composed.supergraph_sdl)
        recorder = Recorder()
        executor = Executor(
            Planner(supergraph).plan(parse("{a}"), None, frozenset()), {"s": recorder}, supergraph.api_schema
        )
        terms = Terms(seconds=5, tenant="t", origin=object())
        begun = now()
        await executor.execute({}, {}, terms)
        (request,) = recorder.seen
        assert request.terms is terms
        assert request.deadline is not None
        assert begun + 5 <= request.deadline <= now() + 5

    async def test_what_has_not_come_when_an_operation_must_end_is_missing_from_its_answer(self) -> None:
        composed = compose([Subgraph("s", "", SDL)])
        assert isinstance(composed, Composed)
        transport = InProcessTransport(never, timeout=None)
        engine = Engine.from_sdl(composed.supergraph_sdl, {"s": transport}, Limits(operation_seconds=0.02))
        response = await engine.execute(GraphQLRequest("{a}"), RequestContext())
        assert response.as_json()["data"] == {"a": None}
        assert [each["extensions"]["code"] for each in response.errors] == ["SUBGRAPH_TIMEOUT"]

    async def test_a_client_may_have_less_time_than_operations_may_take(self) -> None:
        context = RequestContext(seconds=1)
        assert context.terms(None).seconds == 1
        assert context.terms(5).seconds == 1
        assert context.terms(0.5).seconds == 0.5
        assert RequestContext().terms(5).seconds == 5


class TestRequests:
    def test_one_with_other_headers_is_the_same_otherwise(self) -> None:
        values = {each.name: each.name for each in fields(SubgraphRequest)}
        request = SubgraphRequest(**values)  # pyright: ignore[reportArgumentType]  # any values that differ
        assert request.with_headers({"x": "1"}) == replace(request, headers={"x": "1"})
