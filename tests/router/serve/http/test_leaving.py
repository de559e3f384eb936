"""A client that leaves takes the work for its query with it, and none of what a mutation has begun."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.types import Message

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.serve import Engine, create_app
from router.serve.http.leaving import UntilLeft
from tests.router.serve.server import serving

SDL = "type Query { a: Int } type Mutation { a: Int }"


class Slow:
    """A subgraph that answers when it is told to."""

    def __init__(self) -> None:
        self.begun, self.answering, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.cancelled = False

    async def execute(self, *_: object) -> Mapping[str, Any]:
        self.begun.set()
        try:
            await self.answering.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        finally:
            self.ended.set()
        return {"data": {"a": 1}}


@asynccontextmanager
async def client(subgraph: Slow, query: str) -> AsyncGenerator[asyncio.StreamReader]:
    """Somebody who has asked, is being answered, and leaves at the end of the block."""
    composed = compose([Subgraph("s", "http://s", SDL)])
    assert isinstance(composed, Composed)
    engine = Engine.from_sdl(composed.supergraph_sdl, {"s": InProcessTransport(subgraph.execute, timeout=None)})
    async with serving(create_app(engine, graphiql=False)) as address:
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = orjson.dumps({"query": query})
        lines = ("POST /graphql HTTP/1.1", "host: s", "content-type: application/json", f"content-length: {len(body)}")
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await subgraph.begun.wait()
        try:
            yield reader
        finally:
            writer.close()
            await writer.wait_closed()
            if not subgraph.ended.is_set() and query.startswith("mutation"):
                await asyncio.sleep(0.3)
                subgraph.answering.set()
            await subgraph.ended.wait()


async def test_a_query_is_cancelled() -> None:
    subgraph = Slow()
    async with client(subgraph, "{ a }"):
        pass
    assert subgraph.cancelled


async def test_a_mutation_is_done_to_the_end() -> None:
    subgraph = Slow()
    async with client(subgraph, "mutation { a }"):
        pass
    assert not subgraph.cancelled


async def test_who_stays_is_answered_however_long_it_takes() -> None:
    subgraph = Slow()
    async with client(subgraph, "{ a }") as reader:
        await asyncio.sleep(0.2)
        subgraph.answering.set()
        answer = await reader.readuntil(b"}}")
    assert answer.endswith(b'{"data":{"a":1}}')
    assert not subgraph.cancelled


async def test_who_stays_leaves_nothing_for_the_garbage_collector() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    gc.collect()
    gc.disable()
    try:
        async with UntilLeft(receive):
            pass
        assert gc.collect() == 0
    finally:
        gc.enable()
