"""The hub wakes every subscriber, however they come and go and whatever happens to Redis."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest

from shared.events import Hub, Subscription, Wake
from shared.events.connection import connect_patiently
from tests.patience import PATIENCE_SECONDS
from tests.servers import Servers
from tests.shared.events.bus import eventually
from tests.shared.events.valkey import MortalValkey


@pytest.fixture
async def hub(servers: Servers) -> AsyncGenerator[Hub]:
    async with Hub(servers.redis) as hub:
        await hub.connected.wait()
        yield hub


@pytest.fixture
async def mortal(tmp_path: Path, unused_tcp_port: int) -> AsyncGenerator[MortalValkey]:
    server = MortalValkey(tmp_path, unused_tcp_port)
    await server.start()
    yield server
    await server.kill()


async def soon(subscription: Subscription) -> object:
    return await asyncio.wait_for(anext(subscription), PATIENCE_SECONDS)


class TestSubscribe:
    async def test_a_lone_subscriber_gets_what_is_published(self, hub: Hub) -> None:
        async with hub.subscribe("lone") as subscription:
            await hub.publish("lone", b"1")
            await hub.publish("lone", b"2")
            assert [await soon(subscription), await soon(subscription)] == [b"1", b"2"]

    async def test_whatever_is_published_once_the_block_is_entered_arrives(self, hub: Hub) -> None:
        for n in range(50):
            async with hub.subscribe("fresh") as subscription:
                await hub.publish("fresh", str(n).encode())
                assert await soon(subscription) == str(n).encode()

    async def test_many_subscribers_of_a_fresh_channel_share_one_connection(self, hub: Hub, servers: Servers) -> None:
        everybody = asyncio.Barrier(31)
        got: list[object] = []

        async def listen() -> None:
            async with hub.subscribe("shared") as subscription:
                await everybody.wait()
                got.append(await soon(subscription))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(30):
                tasks.create_task(listen())
            await everybody.wait()
            redis: Any = connect_patiently(servers.redis)
            assert await redis.pubsub_numsub("shared") == [(b"shared", 1)]
            await hub.publish("shared", b"hello")
        assert got == [b"hello"] * 30
        await redis.aclose()

    async def test_subscribers_that_come_and_go_at_the_same_time_miss_nothing(self, hub: Hub) -> None:
        async def come_and_go(seed: int) -> None:
            chance = random.Random(seed)
            for _ in range(40):
                async with hub.subscribe(f"churn:{chance.randrange(3)}") as subscription:
                    await asyncio.sleep(chance.random() * 0.005)
                    await hub.publish(subscription.channel, b"x")
                    assert await soon(subscription) in {b"x", Wake.RESYNC}

        async with asyncio.TaskGroup() as tasks:
            for seed in range(20):
                tasks.create_task(come_and_go(seed))

    async def test_a_channel_nobody_listens_to_is_dropped(self, hub: Hub, servers: Servers) -> None:
        redis: Any = connect_patiently(servers.redis)
        async with hub.subscribe("left"):
            assert await redis.pubsub_numsub("left") == [(b"left", 1)]

        async def dropped() -> bool:
            return await redis.pubsub_numsub("left") == [(b"left", 0)]

        await eventually(dropped)
        await redis.aclose()


class TestSlowSubscribers:
    async def test_one_that_is_too_slow_is_told_to_read_again(self, hub: Hub) -> None:
        async with hub.subscribe("slow", capacity=4) as slow, hub.subscribe("slow", capacity=100) as quick:
            for n in range(20):
                await hub.publish("slow", str(n).encode())
            assert [await soon(quick) for _ in range(20)] == [str(n).encode() for n in range(20)]
            assert await soon(slow) is Wake.RESYNC

    async def test_a_wake_that_is_pending_is_never_lost(self) -> None:
        subscription = Subscription("x", capacity=1)
        for _ in range(5):
            subscription.deliver(b"")
        await asyncio.wait_for(subscription.wait(), PATIENCE_SECONDS)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(subscription.wait(), 0.05)


class TestReconnecting:
    async def test_everybody_is_told_to_read_again_when_redis_returns(self, mortal: MortalValkey) -> None:
        async with Hub(mortal.url) as hub, hub.subscribe("a") as a, hub.subscribe("b") as b:
            await mortal.kill()
            await asyncio.sleep(0.2)
            await mortal.start()
            assert [await soon(a), await soon(b)] == [Wake.RESYNC, Wake.RESYNC]
            await hub.publish("a", b"again")
            assert await soon(a) == b"again"

    async def test_a_subscriber_may_come_while_redis_is_away(self, mortal: MortalValkey) -> None:
        async with Hub(mortal.url) as hub:
            await hub.connected.wait()
            await mortal.kill()
            async with hub.subscribe("late", confirm_within=0.1) as late:
                await mortal.start()
                assert await soon(late) is Wake.RESYNC
                await hub.publish("late", b"hello")
                assert await soon(late) == b"hello"

    async def test_a_connection_closed_by_the_server_is_replaced(self, hub: Hub, servers: Servers) -> None:
        redis: Any = connect_patiently(servers.redis)
        async with hub.subscribe("cut") as subscription:
            for _ in range(3):
                await redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
                assert await soon(subscription) is Wake.RESYNC
        await redis.aclose()

    @pytest.mark.parametrize("yields", range(12))
    async def test_it_ends_at_any_moment_of_its_start(self, servers: Servers, yields: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), Hub(servers.redis):
            for _ in range(yields):
                await asyncio.sleep(0)

    async def test_it_ends_while_redis_is_away(self, mortal: MortalValkey) -> None:
        async with Hub(mortal.url) as hub:
            await hub.connected.wait()
            await mortal.kill()
            await asyncio.sleep(0.1)
        assert cast("Any", hub)._running is None
