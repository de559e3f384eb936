"""The embedded servers are real and ready."""

from typing import Any

import sqlalchemy as sa
from pymongo import AsyncMongoClient
from redis.asyncio import Redis

from shared.database import connect, read_url
from tests.servers import Servers


class TestServers:
    async def test_postgres_knows_vectors(self, servers: Servers) -> None:
        engine = connect(read_url(servers.database), pool_size=1)
        async with engine.connect() as connection:
            found = await connection.scalar(
                sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'")
            )
        await engine.dispose()
        assert found == 1

    async def test_valkey_keeps_streams(self, servers: Servers) -> None:
        async with Redis.from_url(servers.redis) as redis:  # pyright: ignore[reportUnknownMemberType] - untyped options
            assert await redis.xadd("a", {"b": "c"})

    async def test_the_document_store_has_transactions(self, servers: Servers) -> None:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.mongo)
        async with client, client.start_session() as session:
            async with await session.start_transaction():
                await client["a"]["b"].insert_one({"_id": 1}, session=session)
            assert await client["a"]["b"].count_documents({}) == 1
