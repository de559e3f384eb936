"""Several routers count together in Redis, and each for itself while Redis does not answer."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from uuid import uuid4

import pytest

from router.serve import Refused, RequestContext
from router.serve.demand.config import Demand, Per, Rate
from router.serve.demand.counters import SharedCounters
from router.serve.demand.rates import Rates
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers

EVERYBODY = Rate("all", 5, 3_600, per=Per.EVERYBODY)
RATE, OTHER = Rate("rate", 5, 60), Rate("other", 5, 60)
ANYBODY = RequestContext()


@asynccontextmanager
async def counting(url: str, prefix: str, seconds: float = PATIENCE_SECONDS) -> AsyncGenerator[SharedCounters]:
    demand = Demand(redis_prefix=prefix, redis_seconds=seconds, redis_retry_seconds=PATIENCE_SECONDS)
    async with aclosing(SharedCounters(url, demand)) as counters:
        yield counters


@pytest.fixture
def prefix() -> str:
    """Keys that no other test uses."""
    return f"test:{uuid4()}"


async def test_two_routers_count_together(servers: Servers, prefix: str) -> None:
    async with counting(servers.redis, prefix) as one, counting(servers.redis, prefix) as other:
        routers = [Rates(each, lambda _: [EVERYBODY], lambda: 1_000_000.0) for each in (one, other)]
        taken = [await routers[number % 2].take(ANYBODY, None) for number in range(5)]
        assert [share.remaining for (share,) in taken] == [4, 3, 2, 1, 0]
        for each in routers:
            with pytest.raises(Refused):
                await each.take(ANYBODY, None)
        assert (one.failures, other.failures) == (0, 0)


async def test_what_was_taken_ahead_is_kept_when_the_request_is_cancelled_that_took_it(
    servers: Servers, prefix: str
) -> None:
    rate = Rate("rate", 1_000, 3_600)
    async with counting(servers.redis, prefix) as counters:
        before = asyncio.all_tasks()
        cancelled = asyncio.create_task(counters.add(rate, 1, "a", 1))
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait(asyncio.all_tasks() - before, timeout=PATIENCE_SECONDS)
        assert await counters.add(rate, 1, "a", 1) == 2


async def test_windows_and_keys_are_apart(servers: Servers, prefix: str) -> None:
    async with counting(servers.redis, prefix) as counters:
        assert await counters.add(RATE, 1, "a", 3) == 3
        assert await counters.add(RATE, 1, "b", 1) == 1
        assert await counters.add(OTHER, 1, "a", 1) == 1
        assert await counters.add(RATE, 1, "a", -2) == 1
        assert await counters.add(RATE, 2, "a", 1) == 1


async def test_requests_at_the_same_time_take_no_more_than_there_is(servers: Servers, prefix: str) -> None:
    async with counting(servers.redis, prefix) as one, counting(servers.redis, prefix) as other:
        routers = [Rates(each, lambda _: [EVERYBODY], lambda: 1_000_000.0) for each in (one, other)]
        asked = [routers[number % 2].take(ANYBODY, None) for number in range(30)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(each, list) for each in outcomes) == 5


async def test_a_part_of_a_large_quota_is_taken_ahead(servers: Servers, prefix: str) -> None:
    large = Rate("large", 1_000, 3_600, per=Per.EVERYBODY)
    async with counting(servers.redis, prefix) as one, counting(servers.redis, prefix) as other:
        assert [await one.add(large, 1, "a", 1) for _ in range(21)] == list(range(1, 22))
        assert await other.add(large, 1, "a", 1) == 22  # the part that the first one took is spent
        assert await one.add(large, 1, "a", 1) == 23 + 20  # and what the other one has is not free any more
        assert await one.add(large, 1, "a", -5) == 38
        assert await one.add(large, 1, "a", 5) == 43


async def test_no_more_than_the_quota_is_spent_whoever_takes_it_ahead(servers: Servers, prefix: str) -> None:
    large = Rate("large", 200, 3_600, per=Per.EVERYBODY)
    async with counting(servers.redis, prefix) as one, counting(servers.redis, prefix) as other:
        routers = [Rates(each, lambda _: [large], lambda: 1_000_000.0) for each in (one, other)]
        asked = [routers[number % 2].take(ANYBODY, None) for number in range(300)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        assert 190 <= sum(isinstance(each, list) for each in outcomes) <= 200


async def test_without_redis_each_counts_for_itself(caplog: pytest.LogCaptureFixture, prefix: str) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    with caplog.at_level(logging.WARNING):
        async with counting(f"redis://127.0.0.1:{port}/0", prefix) as counters:
            assert [await counters.add(RATE, 1, "a", 1) for _ in range(3)] == [1, 2, 3]
            assert counters.failures == 1  # it is not tried again at once
    assert [record.getMessage() for record in caplog.records] == [
        "Redis does not count rates (ConnectionError); this process counts alone for now."
    ]


async def test_a_redis_that_does_not_answer_is_not_waited_for(prefix: str) -> None:
    silent = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with counting(f"redis://127.0.0.1:{port}/0", prefix, seconds=0.05) as counters:
            assert await counters.add(RATE, 1, "a", 1) == 1
            assert counters.failures == 1
    finally:
        silent.set()
        server.close()
        await server.wait_closed()
