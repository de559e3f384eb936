"""Streams are trimmed behind every group, and no sooner than their entries are old."""

from datetime import timedelta
from typing import Any, cast
from uuid import uuid4

from shared.events import streams
from shared.events.event import Recorded
from shared.events.trim import trim
from tests.shared.events.bus import Bus

_NO_TIME = timedelta()
_STREAM = "events:trimmed"


class Reader:
    """A group that reads the stream at its own pace."""

    def __init__(self, bus: Bus, name: str) -> None:
        self.group = streams.Group(bus.redis, name, "only", (_STREAM,))

    async def read(self, count: int, *, acknowledge: bool = True) -> None:
        await self.group.ensure()
        for entry in await self.group.read(count=count, block=10):
            if acknowledge:
                await self.group.acknowledge(entry)


async def fill(bus: Bus, count: int) -> None:
    await streams.append(
        bus.redis, _STREAM, [Recorded(uuid4(), bus.tenants[0], "trimmed.x.v1", b"{}") for _ in range(count)]
    )


async def length(bus: Bus) -> int:
    return await cast("Any", bus.redis).xlen(_STREAM)


class TestTrim:
    async def test_nothing_is_dropped_before_the_slowest_group(self, bus: Bus) -> None:
        await fill(bus, 10)
        await Reader(bus, "fast").read(10)
        await Reader(bus, "slow").read(4)
        await trim(bus.redis, _STREAM, frozenset({"fast", "slow"}), keep=_NO_TIME)
        assert await length(bus) == 7  # the last one read stays as the mark
        slow = Reader(bus, "slow")
        assert len(await slow.group.read(count=10, block=10)) == 6

    async def test_what_is_taken_and_not_acknowledged_stays(self, bus: Bus) -> None:
        await fill(bus, 10)
        reader = Reader(bus, "killed")
        await reader.read(3)
        await reader.read(7, acknowledge=False)
        await trim(bus.redis, _STREAM, frozenset({"killed"}), keep=_NO_TIME)
        assert await length(bus) == 7
        assert len(await reader.group.unfinished(_STREAM, b"0", count=100)) == 7

    async def test_young_entries_stay_though_everybody_has_read_them(self, bus: Bus) -> None:
        await fill(bus, 10)
        await Reader(bus, "fast").read(10)
        assert await trim(bus.redis, _STREAM, frozenset({"fast"}), keep=timedelta(hours=1)) == 0

    async def test_nothing_is_dropped_while_a_group_is_missing(self, bus: Bus) -> None:
        await fill(bus, 10)
        await Reader(bus, "fast").read(10)
        assert await trim(bus.redis, _STREAM, frozenset({"fast", "late"}), keep=_NO_TIME) == 0

    async def test_a_stream_that_does_not_exist_needs_no_trimming(self, bus: Bus) -> None:
        assert await trim(bus.redis, "events:nothing", frozenset(), keep=_NO_TIME) == 0
