"""Alarms that may be a little late."""

import asyncio
from math import inf

import pytest

from router.serve.ticks import Ticks


async def test_they_ring_in_their_time_and_those_called_off_never() -> None:
    ticks, rung, all_rung = Ticks(), list[str](), asyncio.Event()

    def last() -> None:
        rung.append("last")
        all_rung.set()

    ticks.after(0.2, last)
    ticks.after(0, lambda: rung.append("first"))
    off = ticks.after(0.1, lambda: rung.append("off"))
    ticks.off(off)
    await all_rung.wait()
    assert rung == ["first", "last"]


async def test_one_may_call_off_another_of_the_same_tick() -> None:
    ticks, rung = Ticks(), list[int]()
    alarms = [ticks.after(0, lambda: None) for _ in range(2)]

    def ring(own: int) -> None:
        rung.append(own)
        ticks.off(alarms[1 - own])

    alarms[:] = [ticks.after(0.02, lambda own=own: ring(own)) for own in range(2)]
    await asyncio.sleep(0.3)
    assert len(rung) == 1


async def test_one_may_set_another() -> None:
    ticks, rung = Ticks(), asyncio.Event()
    ticks.after(0, lambda: ticks.after(0, rung.set) and None)
    await rung.wait()


async def test_a_block_that_takes_too_long_ends() -> None:
    ticks = Ticks()
    with pytest.raises(TimeoutError), ticks.within(0.01):
        await asyncio.Event().wait()
    with ticks.within(inf):
        await asyncio.sleep(0)


def test_a_new_event_loop_begins_anew() -> None:
    ticks = Ticks()

    async def use() -> None:
        rung = asyncio.Event()
        ticks.after(60, rung.set)
        ticks.after(0, rung.set)
        await rung.wait()

    asyncio.run(use())
    asyncio.run(use())
