"""An event is stored with its cause, or not at all."""

import asyncio

import pytest
import sqlalchemy as sa

from shared.database import unit_of_work
from shared.events import record
from shared.events.outbox import OUTBOX_CHANNEL
from tests.shared.events.bus import Bus, NoteWritten, effects


class ChangedMyMind(Exception):
    """Why a transaction is rolled back."""


async def record_and_fail(bus: Bus, tenant: int = 0) -> None:
    async with unit_of_work(bus.sender, bus.caller(tenant)) as session:
        await session.execute(sa.insert(effects).values(note="cause"))
        record(session, NoteWritten(tenant_id=bus.tenants[tenant], note="event"))
        await session.flush()
        raise ChangedMyMind


class TestRecord:
    async def test_an_event_is_committed_with_its_cause(self, bus: Bus) -> None:
        async with unit_of_work(bus.sender, bus.caller()) as session:
            await session.execute(sa.insert(effects).values(note="cause"))
            record(session, NoteWritten(tenant_id=bus.tenants[0], note="event"))
        assert await bus.unpublished() == 1

    async def test_neither_is_kept_when_the_transaction_fails(self, bus: Bus) -> None:
        with pytest.raises(ChangedMyMind):
            await record_and_fail(bus)
        async with bus.sender.read(bus.caller()) as session:
            assert await session.scalar(sa.select(sa.func.count(effects.c.seq))) == 0
        assert await bus.unpublished() == 0

    async def test_an_event_of_another_tenant_is_refused(self, bus: Bus) -> None:
        async with unit_of_work(bus.sender, bus.caller(0)) as session:
            with pytest.raises(ValueError, match="in a session of tenant"):
                record(session, NoteWritten(tenant_id=bus.tenants[1], note="not mine"))

    async def test_the_relay_is_woken_once_a_transaction_and_only_when_it_commits(self, bus: Bus) -> None:
        source = bus.source()
        wakes = source.wakes()
        assert await anext(wakes) is None
        with pytest.raises(ChangedMyMind):
            await record_and_fail(bus, tenant=1)
        await bus.write("one", "two", "three")
        assert await anext(wakes) == bus.tenants[0]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(wakes), 0.2)
        await wakes.aclose()

    def test_the_channel_is_named_for_the_table(self) -> None:
        assert OUTBOX_CHANNEL == "outbox"
