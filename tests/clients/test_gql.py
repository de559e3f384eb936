"""Python's gql does at the router what its users expect of it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import aiohttp
import pytest
from gql import Client, GraphQLRequest, gql
from gql.transport import AsyncTransport
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.websockets import WebsocketsTransport

from tests.clients.outcomes import shop_open
from tests.patience import PATIENCE_SECONDS

PRODUCT = gql("query Product($id: ID!) { product(id: $id) { id name } }")
TICKS = "subscription Ticks { ticks }"


@pytest.fixture
async def address() -> AsyncGenerator[str]:
    async with shop_open() as address:
        yield address


@pytest.fixture(params=["http", "websocket"])
def transport(request: pytest.FixtureRequest, address: str) -> AsyncTransport:
    if request.param == "http":
        return AIOHTTPTransport(f"http://{address}/graphql")
    return WebsocketsTransport(f"ws://{address}/graphql")


async def test_query(transport: AsyncTransport) -> None:
    async with Client(transport=transport) as session:
        request = GraphQLRequest(PRODUCT, variable_values={"id": "1"})
        assert await session.execute(request) == {"product": {"id": "1", "name": "Product 1"}}


async def test_mutation(transport: AsyncTransport) -> None:
    async with Client(transport=transport) as session:
        found = await session.execute(gql('mutation { rename(id: "1", name: "Chair") { name } }'))
    assert found == {"rename": {"name": "Chair"}}


async def test_error(transport: AsyncTransport) -> None:
    async with Client(transport=transport) as session:
        with pytest.raises(TransportQueryError, match="This is always so"):
            await session.execute(gql("{ broken }"))


async def test_the_schema_is_what_it_asks_for(address: str) -> None:
    transport = AIOHTTPTransport(f"http://{address}/graphql")
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        assert session.client.schema is not None
        assert "Product" in session.client.schema.type_map


async def test_subscription(address: str) -> None:
    async with Client(transport=WebsocketsTransport(f"ws://{address}/graphql")) as session:
        events = session.subscribe(gql("subscription { count(upTo: 3) }"))
        assert [event["count"] async for event in events] == [1, 2, 3]


async def test_reconnect(address: str) -> None:
    """Its connection is cut, and it goes on where it was."""
    heard: list[int] = []
    cursor: str | None = None

    async def listen(enough: int) -> None:
        nonlocal cursor
        transport = WebsocketsTransport(f"ws://{address}/graphql")
        extensions: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        async with Client(transport=transport) as session:
            request = GraphQLRequest(TICKS, extensions=extensions)
            async with aclosing(session.subscribe(request, get_execution_result=True)) as events:
                async for event in events:
                    heard.append((event.data or {})["ticks"])
                    cursor = (event.extensions or {})["cursor"]
                    if len(heard) == 3:
                        async with aiohttp.ClientSession() as cutter, cutter.post(f"http://{address}/break"):
                            pass
                    if len(heard) >= enough:
                        return

    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(TransportError):
            await listen(10**9)
        await listen(len(heard) + 3)
    assert heard == list(range(1, len(heard) + 1))
