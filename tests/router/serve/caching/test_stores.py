"""Both stores keep, forget and invalidate alike; Redis that fails is as if nothing were kept."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Any, cast
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from router.serve.caching.config import Caching
from router.serve.caching.memory import MemoryStore
from router.serve.caching.redis_store import RedisStore
from router.serve.caching.store import EVERY_TYPE, MOST_TYPES, Entry, Found, Store, StoreUnavailable
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers

TYPES = {"s": {"Product"}}


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncGenerator[Store]:
    """A store with nothing in it."""
    made = MemoryStore(1_000_000) if request.param == "memory" else redis(request.getfixturevalue("servers"))
    yield made
    await made.aclose()


def redis(servers: Servers, prefix: str | None = None) -> RedisStore:
    config = Caching(redis_prefix=prefix or f"test:{uuid4()}", redis_seconds=PATIENCE_SECONDS)
    return RedisStore(servers.redis, config)


def redis_client(servers: Servers) -> Any:
    """What looks at the server itself; redis-py leaves much of it untyped."""
    return cast("Any", Redis).from_url(servers.redis)


def entry(moment: int, *tags: str, body: bytes = b"{}", seconds: float = 60) -> Entry:
    return Entry(body, time.time(), seconds, moment, tags)


async def look(store: Store, *keys: bytes, tenant: str = "t") -> Found:
    if isinstance(store, RedisStore):
        await store.settled()
    found = await store.look(tenant, ("s",), keys)
    assert found is not None
    return found


async def keep(store: Store, key: bytes, *tags: str, tenant: str = "t") -> None:
    moment = (await look(store, tenant=tenant)).moment
    await store.keep(tenant, [(key, entry(moment, *tags))])


async def valid(store: Store, key: bytes, tenant: str = "t") -> bool:
    found = await look(store, key, tenant=tenant)
    (known,) = found.entries
    return known is not None and found.is_valid(known, TYPES, time.time())


async def test_what_is_kept_is_there(store: Store) -> None:
    await keep(store, b"1", "x")
    found = await look(store, b"1", b"2")
    assert [each and (each.body, each.tags) for each in found.entries] == [(b"{}", ("x",)), None]


async def test_what_is_over_is_not(store: Store) -> None:
    moment = (await look(store)).moment
    await store.keep("t", [(b"1", entry(moment, seconds=0.001))])
    await asyncio.sleep(0.01)
    assert not await valid(store, b"1")


async def test_a_tag_takes_away_what_has_it(store: Store) -> None:
    await keep(store, b"1", "x", "y")
    await keep(store, b"2", "y")
    await keep(store, b"3")
    await look(store)
    assert await store.invalidate_tags("t", ["x"]) == 1
    assert [await valid(store, key) for key in (b"1", b"2", b"3")] == [False, True, True]
    assert await store.invalidate_tags("t", ["x", "y", "z"]) == 1
    await keep(store, b"1", "x")
    assert await valid(store, b"1")


async def test_tags_of_other_tenants_are_others(store: Store) -> None:
    await keep(store, b"1", "x", tenant="a")
    await keep(store, b"2", "x", tenant="b")
    await look(store)
    assert await store.invalidate_tags("b", ["x"]) == 1
    assert await valid(store, b"1", "a")


async def test_tenants_and_tags_are_told_apart_whatever_is_in_them(store: Store) -> None:
    pairs = [("a", "b:x"), ("a:b", "x"), ("", "a:b:x"), ("a:3:b", "x"), ("1:a", "x")]
    for number, (tenant, tag) in enumerate(pairs):
        await keep(store, b"%d" % number, tag, tenant=tenant)
    await look(store)
    assert await store.invalidate_tags(*pairs[0][:1], [pairs[0][1]]) == 1
    await store.invalidate_types(pairs[2][0], "s", [EVERY_TYPE])
    there = [await valid(store, b"%d" % number, tenant) for number, (tenant, _) in enumerate(pairs)]
    assert there == [False, True, False, True, True]


async def test_many_types_are_all_that_the_subgraph_has_said(store: Store) -> None:
    await keep(store, b"1")
    await store.invalidate_types("t", "s", [f"T{number}" for number in range(MOST_TYPES)])
    assert (await look(store)).marks["s"].keys() == {f"T{number}" for number in range(MOST_TYPES)}
    assert await valid(store, b"1")
    await store.invalidate_types("t", "s", ["Another"])
    assert (await look(store)).marks["s"].keys() == {EVERY_TYPE}
    assert not await valid(store, b"1")
    await keep(store, b"1")
    assert await valid(store, b"1")


async def test_what_was_under_way_while_its_tag_was_invalidated_is_not_kept(store: Store) -> None:
    moment = (await look(store)).moment
    await store.invalidate_tags("t", ["x"])
    await store.keep("t", [(b"1", entry(moment, "x")), (b"2", entry(moment, "y"))])
    assert [await valid(store, key) for key in (b"1", b"2")] == [False, True]


async def test_looks_do_not_move_the_clock_and_invalidations_do(store: Store) -> None:
    first = (await look(store)).moment
    assert (await look(store)).moment == first
    await store.invalidate_tags("t", ["x"])
    second = (await look(store)).moment
    await store.invalidate_types("t", "s", ["Product"])
    assert first < second < (await look(store)).moment


@pytest.mark.parametrize("name", ["Product", EVERY_TYPE])
async def test_a_type_takes_away_what_shows_it(store: Store, name: str) -> None:
    await keep(store, b"1")
    await keep(store, b"1", tenant="other")
    before = await look(store)
    await store.invalidate_types("t", "s", [name])
    assert not await valid(store, b"1")
    await store.keep("t", [(b"1", entry(before.moment))])  # which was under way
    assert not await valid(store, b"1")
    await keep(store, b"1")
    assert await valid(store, b"1")


async def test_other_types_and_subgraphs_stay(store: Store) -> None:
    await keep(store, b"1")
    await store.invalidate_types("t", "s", ["Other"])
    await store.invalidate_types("t", "other", [EVERY_TYPE])
    await store.invalidate_types("u", "s", [EVERY_TYPE])
    assert await valid(store, b"1")


class TestMemory:
    async def test_no_more_is_kept_than_there_is_room_for(self) -> None:
        store = MemoryStore(10_000)
        moment = 0
        for number in range(100):
            moment = (await look(store)).moment
            await store.keep("t", [(b"%d" % number, entry(moment, f"tag{number}", body=b"x" * 500))])
            await look(store, b"0")  # which is therefore not the first to go
        assert store.weight <= 10_000
        assert 0 < len(store) < 20
        assert await valid(store, b"0")
        assert await valid(store, b"99")
        assert not await valid(store, b"50")
        assert await store.invalidate_tags("t", ["tag50"]) == 0
        await store.keep("t", [(b"huge", entry(moment, body=b"x" * 20_000))])
        assert not await valid(store, b"huge")
        assert await valid(store, b"99")

    async def test_weights_are_those_of_what_is_there(self) -> None:
        store = MemoryStore(100_000)
        for _ in range(5):
            await keep(store, b"1", "x")
        once = store.weight
        await keep(store, b"2", "x")
        assert store.weight == 2 * once
        await store.invalidate_tags("t", ["x"])
        assert (store.weight, len(store)) == (0, 0)

    async def test_many_invalidations_are_forgotten_safely(self) -> None:
        store = MemoryStore(100_000)
        await keep(store, b"old", "old")
        before = (await look(store)).moment
        await store.invalidate_tags("t", [f"x{number}" for number in range(21_000)])
        await store.keep("t", [(b"1", entry(before, "x0"))])
        assert not await valid(store, b"1")
        assert await valid(store, b"old")
        await keep(store, b"1", "x0")
        assert await valid(store, b"1")
        types = [f"T{number}" for number in range(MOST_TYPES)]
        for number in range(101):
            await store.invalidate_types(str(number), "s", types)
        assert store.state == (0, 0, 0, 0, False)
        assert not (await look(store, tenant="99")).marks
        await keep(store, b"1", "x0")
        assert await valid(store, b"1")

    async def test_others_have_their_turn_while_much_is_forgotten(self) -> None:
        store = MemoryStore(10_000_000)
        moment = (await look(store)).moment
        await store.keep("t", [(b"%d" % number, entry(moment, "x")) for number in range(3_000)])
        forgetting = asyncio.create_task(store.invalidate_tags("t", ["x"]))
        await asyncio.sleep(0)
        assert 0 < len(store) < 3_000
        await store.keep("t", [(b"late", entry(moment, "x"))])
        assert await forgetting == 3_000
        assert len(store) == 0


class TestRedis:
    async def test_routers_share_what_is_kept(self, servers: Servers) -> None:
        prefix = f"test:{uuid4()}"
        one, other = redis(servers, prefix), redis(servers, prefix)
        await keep(one, b"1", "x")
        await look(one)
        assert await valid(other, b"1")
        await other.invalidate_tags("t", ["x"])
        assert not await valid(one, b"1")
        await one.aclose()
        await other.aclose()

    async def test_everything_ends_by_itself(self, servers: Servers) -> None:
        prefix = f"test:{uuid4()}"
        store = redis(servers, prefix)
        await keep(store, b"1", "x", "y")
        await store.invalidate_tags("t", ["z"])
        await store.invalidate_types("t", "s", ["T"])
        await store.aclose()
        client = redis_client(servers)
        names: Sequence[bytes | str] = await client.keys(f"{prefix}:*")
        assert len(names) == 6
        for name in names:
            assert await client.pttl(name) > 0
        await client.aclose()

    async def test_tags_forget_what_is_over(self, servers: Servers) -> None:
        prefix = f"test:{uuid4()}"
        store = redis(servers, prefix)
        moment = (await look(store)).moment
        for number in range(20):
            await store.keep("t", [(b"%d" % number, entry(moment, "x", seconds=0.001))])
            await asyncio.sleep(0.005)
        await keep(store, b"last", "x")
        await store.aclose()
        client = redis_client(servers)
        assert await client.zcard(f"{prefix}:2:tag:1:t:x") == 1
        await client.aclose()

    async def test_what_is_not_as_it_was_kept_is_not_there_and_goes(self, servers: Servers) -> None:
        prefix = f"test:{uuid4()}"
        store = redis(servers, prefix)
        client = redis_client(servers)
        await keep(store, b"1")
        await look(store)
        whole: bytes = await client.get(f"{prefix}:2:entry:31")
        for damaged in (b"no entry", whole[:-1], whole + b"x", whole[:20] + b"?" + whole[21:], b""):
            await client.set(f"{prefix}:2:entry:31", damaged)
            assert (await look(store, b"1")).entries == [None]
            await store.settled()
            assert not await client.exists(f"{prefix}:2:entry:31")
        await client.set(f"{prefix}:2:entry:32", whole)  # what is kept of somebody else
        assert (await look(store, b"2", b"1", b"1")).entries == [None] * 3
        assert store.state.damaged == 6
        await client.set(f"{prefix}:2:clock:1:t:", b"no time")
        assert await store.look("t", ("s",), [b"1"]) is None
        await client.aclose()
        await store.aclose()

    async def test_one_finds_out_whether_redis_is_back(self, servers: Servers) -> None:
        """Others go on at once meanwhile, however many they are."""
        waiting: list[asyncio.StreamWriter] = []
        came = asyncio.Event()

        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            waiting.append(writer)
            came.set()
            await reader.read()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = Caching(redis_seconds=PATIENCE_SECONDS, redis_retry_seconds=PATIENCE_SECONDS)
        store = RedisStore(f"redis://127.0.0.1:{port}/0", config)
        store._is_down = True  # pyright: ignore[reportPrivateUsage]  # as after a failure, when the time has come to try again
        first = asyncio.create_task(store.look("t", ("s",), [b"1"]))
        await came.wait()
        assert [await store.look("t", ("s",), [b"1"]) for _ in range(20)] == [None] * 20
        assert len(waiting) == 1
        for writer in waiting:
            writer.close()
        server.close()
        assert await first is None
        await store.aclose()

    @pytest.mark.parametrize("retrying", [0, PATIENCE_SECONDS])
    async def test_without_redis_nothing_is_kept(self, caplog: pytest.LogCaptureFixture, retrying: float) -> None:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        config = Caching(redis_seconds=PATIENCE_SECONDS, redis_retry_seconds=retrying)
        store = RedisStore(f"redis://127.0.0.1:{port}/0", config)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                assert await store.look("t", ("s",), [b"1"]) is None
                await store.keep("t", [(b"1", entry(0))])
        await store.settled()
        assert (store.failures == 1) is (retrying > 0)  # it is not tried again at once
        assert [record.getMessage() for record in caplog.records] == [
            "Redis keeps no answers (ConnectionError); subgraphs are asked for everything now."
        ]
        with pytest.raises(StoreUnavailable):
            await store.invalidate_tags("t", ["x"])
        await store.aclose()

    async def test_a_redis_that_does_not_answer_is_not_waited_for(self) -> None:
        silent = asyncio.Event()

        async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await silent.wait()
            writer.close()

        server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        store = RedisStore(f"redis://127.0.0.1:{port}/0", Caching(redis_seconds=0.05))
        assert await store.look("t", ("s",), [b"1"]) is None
        assert await store.look("t", ("s",), [b"1"]) is None
        assert store.failures == 1
        silent.set()
        await store.aclose()
        server.close()
        await server.wait_closed()
