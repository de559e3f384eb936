"""The relay loses nothing and keeps the order of each tenant, whatever dies around it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.caller import TenantId
from shared.database import connect, read_url, unit_of_work
from shared.errors import Unavailable
from shared.events import streams
from shared.events.loss import LossDetector
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from tests.servers import Servers
from tests.shared.events.bus import Bus, eventually, running


async def write_in_the_end(bus: Bus, note: str) -> None:
    """Record a note; what fails because a connection was closed is tried again, as a client would."""
    while True:
        try:
            await bus.write(note)
        except (DBAPIError, Unavailable):
            continue
        return


async def published(bus: Bus) -> list[str]:
    """Event ids in the sender's stream, oldest first."""
    entries = await cast("Any", bus.redis).xrange(streams.stream_of("sender"))
    return [fields[b"event_id"].decode() for _, fields in entries]


async def all_published(bus: Bus) -> bool:
    return await bus.unpublished(0) == 0 and await bus.unpublished(1) == 0


class Crash(Exception):
    """What ends the transaction that would have marked events as published."""


async def publish_and_crash(bus: Bus) -> None:
    async with bus.source().batch(bus.tenants[0], 10) as events:
        await streams.append(bus.redis, streams.stream_of("sender"), events)
        raise Crash


class TestOrder:
    async def test_the_events_of_a_tenant_are_published_in_the_order_they_were_recorded(self, bus: Bus) -> None:
        written = [
            event for start in range(0, 450, 50) for event in await bus.write(*map(str, range(start, start + 50)))
        ]
        async with running(bus.relay().run()):
            await eventually(lambda: all_published(bus))
        assert await published(bus) == [str(event.event_id) for event in written]

    async def test_two_relays_side_by_side_publish_each_event_once_and_in_order(self, bus: Bus) -> None:
        written: list[str] = []
        async with running(bus.relay().run(), bus.relay().run()):
            for n in range(60):
                written += [str(event.event_id) for event in await bus.write(f"{n}a", f"{n}b")]
            await eventually(lambda: all_published(bus))
        assert await published(bus) == written


class TestCrashes:
    async def test_a_crash_between_publishing_and_marking_repeats_the_event_and_the_consumer_ignores_it(
        self, bus: Bus
    ) -> None:
        await bus.write("once")
        with pytest.raises(Crash):
            await publish_and_crash(bus)
        async with running(bus.relay().run(), bus.consumer().run()):
            await bus.write("last")
            await bus.settle("once", "last")
        assert len(await published(bus)) == 3

    async def test_it_goes_on_after_postgres_has_closed_every_connection(self, bus: Bus, prepared: Servers) -> None:
        admin = connect(read_url(prepared.database), pool_size=1)
        relay = bus.relay()
        async with running(relay.run(), bus.consumer().run()):
            await relay.listening.wait()
            for n in range(3):
                await write_in_the_end(bus, str(n))
                async with admin.connect() as connection:
                    await connection.execute(
                        sa.text(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'studium_%er'"
                        )
                    )
            await bus.settle("0", "1", "2")
        await admin.dispose()

    async def test_a_tenant_that_cannot_be_read_does_not_stop_the_others(self, bus: Bus) -> None:
        bus.tenants.insert(0, TenantId(uuid7()))
        async with running(bus.relay().run()):
            await bus.write("fine", tenant=1)

            async def done() -> bool:
                return await bus.unpublished(1) == 0

            await eventually(done)


class TestLoss:
    async def test_what_redis_lost_is_published_again_and_handled_once(self, bus: Bus) -> None:
        async with running(bus.relay().run(), bus.consumer().run()):
            await bus.write("before")
            await bus.settle("before")
            await cast("Any", bus.redis).flushall()

            async def again() -> bool:
                return len(await published(bus)) == 1

            await eventually(again)
            await bus.write("after")
            await bus.settle("before", "after")

    async def test_events_published_but_not_handled_before_the_loss_are_handled_after_it(self, bus: Bus) -> None:
        async with running(bus.relay().run()):
            await asyncio.sleep(0.3)  # the relay has seen the server
            await bus.write("unread")
            await eventually(lambda: all_published(bus))
            await cast("Any", bus.redis).flushall()
            async with running(bus.consumer().run()):
                await bus.settle("unread")

    async def test_a_tenant_that_cannot_be_read_is_told_again_later(self, bus: Bus) -> None:
        await cast("Any", bus.redis).flushall()
        away = TenantId(uuid7())
        bus.tenants.append(away)
        async with running(bus.relay().run()):
            await bus.write("fine")
            await eventually(lambda: all_published(bus))
        assert set(await LossDetector(bus.redis, "sender").owed()) == {away}

    async def test_another_server_run_is_told_the_latest_events_again(self, bus: Bus) -> None:
        async with running(bus.relay().run()):
            await bus.write("recent")
            await eventually(lambda: all_published(bus))
            await cast("Any", bus.redis).hset("relay:sender", "run", "the run before")

            async def twice() -> bool:
                return len(await published(bus)) == 2

            await eventually(twice)


class TestRetention:
    async def test_what_is_old_goes_by_itself_whichever_tenant_fails(self, bus: Bus) -> None:
        await bus.write("published")
        async with running(bus.relay().run()):
            await eventually(lambda: all_published(bus))
        caller = bus.caller()
        async with unit_of_work(bus.sender, caller) as session:
            await session.execute(sa.update(OutboxRow).values(published_at=datetime(2020, 1, 1, tzinfo=UTC)))

        async def forgotten() -> bool:
            async with bus.sender.read(caller) as session:
                return await session.scalar(sa.select(sa.func.count()).select_from(OutboxRow)) == 0

        bus.tenants.insert(0, TenantId(uuid7()))  # which is not there any more
        async with running(bus.relay().run()):
            await eventually(forgotten)

    async def test_only_what_was_published_before_is_forgotten(self, bus: Bus) -> None:
        await bus.write("published")
        async with running(bus.relay().run()):
            await eventually(lambda: all_published(bus))
        await bus.write("waiting")
        source = bus.source()
        assert await source.prune(bus.tenants[0], datetime.now(UTC) - timedelta(days=1)) == 0
        assert await source.prune(bus.tenants[0], datetime.now(UTC) + timedelta(days=1)) == 1
        assert await bus.unpublished() == 1
