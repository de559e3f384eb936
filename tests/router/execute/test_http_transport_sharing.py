"""Identical queries that are under way to a subgraph at the same time are one request."""

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from router.execute import HttpTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse
from router.execute.transport.traffic import ManagedTransport
from tests.router.execute.raw_server import raw_server, reply, take_request

QUERY = SubgraphRequest(
    "s", "query($v: Int){a}", {"v": 1}, "A", {"authorization": "x"}, idempotent=True, shareable=True
)


class Server:
    """Keeps everybody waiting until it is told to answer.

    Attributes:
        left: how many connections were ended by the client while it waited for an answer.
    """

    def __init__(self, answer: bytes = b'{"data": {"a": {"b": [1]}}}') -> None:
        self.requests: list[bytes] = []
        self.left = 0
        self.answering = asyncio.Event()
        self.changed = asyncio.Event()
        self._answer = reply(answer)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.requests.append((await take_request(reader))[1])
            self.changed.set()
            gone = asyncio.ensure_future(reader.read(1))
            answering = asyncio.ensure_future(self.answering.wait())
            await asyncio.wait({gone, answering}, return_when=asyncio.FIRST_COMPLETED)
            answering.cancel()
            if gone.done():
                self.left += 1
                self.changed.set()
                return
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            writer.write(self._answer)
            await writer.drain()


async def answers(
    server: Server, *requests: SubgraphRequest, asked: int, sharing: bool = True, managed: bool = False
) -> list[Any]:
    """The outcomes of requests that are under way at the same time; `asked` is how many of them reach the server."""
    async with raw_server(server) as url:
        transport = ManagedTransport([url]) if managed else HttpTransport(url, sharing=sharing)
        tasks = [asyncio.create_task(transport.fetch(each)) for each in requests]
        while len(server.requests) < asked:
            server.changed.clear()
            await server.changed.wait()
        server.answering.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        await transport.aclose()
    assert len(server.requests) == asked
    return outcomes


async def test_identical_queries_are_one_request() -> None:
    assert await answers(Server(), *[QUERY] * 5, asked=1) == [SubgraphResponse({"a": {"b": [1]}})] * 5


async def test_each_has_data_of_its_own() -> None:
    first, second = await answers(Server(), QUERY, QUERY, asked=1)
    first.data["a"]["b"].append(2)
    assert second.data == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    "other",
    [
        replace(QUERY, query="query($v: Int){b}"),
        replace(QUERY, variables={"v": 2}),
        replace(QUERY, variables={"v": 1.0}),
        replace(QUERY, variables={"v": True}),
        replace(QUERY, operation_name="B"),
        replace(QUERY, headers={"authorization": "y"}),
        replace(QUERY, headers={}),
        replace(QUERY, headers={"authorization": "x", "tenant": "t"}),
    ],
)
async def test_what_differs_in_anything_is_another_request(other: SubgraphRequest) -> None:
    assert len(await answers(Server(), QUERY, other, asked=2)) == 2


@pytest.mark.parametrize("managed", [False, True])
async def test_nobody_joins_what_was_asked_for_before_something_has_changed(*, managed: bool) -> None:
    requests = [replace(QUERY, moment=moment) for moment in (0, 1, 0, 1)]
    assert len(await answers(Server(), *requests, asked=2, managed=managed)) == 4


async def test_what_must_not_be_shared_is_not() -> None:
    mutation = replace(QUERY, query="mutation{a}", idempotent=False, shareable=False)
    assert len(await answers(Server(), mutation, mutation, asked=2)) == 2


async def test_sharing_can_be_switched_off() -> None:
    assert len(await answers(Server(), QUERY, QUERY, asked=2, sharing=False)) == 2


async def test_a_failure_is_shared_too() -> None:
    outcomes = await answers(Server(b"<html>"), *[QUERY] * 3, asked=1)
    assert [type(each) for each in outcomes] == [MalformedResponse] * 3


async def test_who_comes_after_the_answer_asks_anew() -> None:
    server = Server()
    server.answering.set()
    async with raw_server(server) as url:
        transport = HttpTransport(url)
        await transport.fetch(QUERY)
        await transport.fetch(QUERY)
        await transport.aclose()
    assert [orjson.loads(each)["variables"] for each in server.requests] == [{"v": 1}] * 2


@pytest.mark.parametrize("leaving", [0, 1])
async def test_who_is_cancelled_leaves_the_others_alone(leaving: int) -> None:
    server = Server()
    async with raw_server(server) as url:
        transport = HttpTransport(url)
        tasks = [asyncio.create_task(transport.fetch(QUERY)) for _ in range(2)]
        await server.changed.wait()
        gone = tasks.pop(leaving)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        server.answering.set()
        assert await tasks[0] == SubgraphResponse({"a": {"b": [1]}})
        await transport.aclose()
    assert gone.cancelled()
    assert (len(server.requests), server.left) == (1, 0)


@pytest.mark.parametrize("managed", [False, True])
async def test_nobody_joins_what_the_one_who_began_it_has_given_up(*, managed: bool) -> None:
    server = Server()
    async with raw_server(server) as url:
        transport = ManagedTransport([url]) if managed else HttpTransport(url)
        first, second = [asyncio.create_task(transport.fetch(QUERY)) for _ in range(2)]
        await server.changed.wait()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        third = asyncio.create_task(transport.fetch(QUERY))
        while len(server.requests) < 2:
            server.changed.clear()
            await server.changed.wait()
        server.answering.set()
        assert await asyncio.gather(second, third) == [SubgraphResponse({"a": {"b": [1]}})] * 2
        await transport.aclose()
    assert len(server.requests) == 2


async def test_the_last_one_who_is_cancelled_ends_the_request() -> None:
    server = Server()
    async with raw_server(server) as url:
        transport = HttpTransport(url)
        tasks = [asyncio.create_task(transport.fetch(QUERY)) for _ in range(2)]
        await server.changed.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while not server.left:
            server.changed.clear()
            await server.changed.wait()
        server.answering.set()
        assert await transport.fetch(QUERY) == SubgraphResponse({"a": {"b": [1]}})
        await transport.aclose()
    assert len(server.requests) == 2
