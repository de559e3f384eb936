"""The embedded servers are real and ready."""

import asyncpg
from pymongo import AsyncMongoClient
from redis.asyncio import Redis


class TestServers:
    async def test_postgres_knows_vectors(self, servers):
        connection = await asyncpg.connect(servers.database)
        assert await connection.fetchval("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == 1
        await connection.close()

    async def test_valkey_keeps_streams(self, servers):
        async with Redis.from_url(servers.redis) as redis:
            assert await redis.xadd("a", {"b": "c"})

    async def test_the_document_store_has_transactions(self, servers):
        async with AsyncMongoClient(servers.mongo) as client, client.start_session() as session:
            async with await session.start_transaction():
                await client["a"]["b"].insert_one({"_id": 1}, session=session)
            assert await client["a"]["b"].count_documents({}) == 1
