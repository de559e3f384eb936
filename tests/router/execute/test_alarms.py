"""Alarms ring in their order and when they are due; a bound ends its block, and nothing else."""

import asyncio

import pytest

from router.execute.transport.alarms import Alarms
from tests.patience import PATIENCE_SECONDS


def now() -> float:
    return asyncio.get_running_loop().time()


class TestAlarms:
    async def test_they_ring_in_the_order_of_their_moments(self) -> None:
        alarms, rung, done = Alarms(), list[str](), asyncio.Event()
        begun = now()
        alarms.at(begun + 0.03, done.set)
        alarms.at(begun + 0.02, lambda: rung.append("second"))
        alarms.at(begun + 0.01, lambda: rung.append("first"))
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
        assert rung == ["first", "second"]
        assert now() >= begun + 0.03

    async def test_one_that_was_called_off_does_not_ring(self) -> None:
        alarms, rung, done = Alarms(), list[str](), asyncio.Event()
        off = alarms.at(now() + 0.01, lambda: rung.append("off"))
        alarms.at(now() + 0.02, done.set)
        alarms.off(off)
        alarms.off(off)
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
        assert rung == []

    async def test_one_may_call_off_another_that_is_due(self) -> None:
        alarms, rung, done = Alarms(), list[str](), asyncio.Event()
        moment = now()
        others = [
            alarms.at(moment, lambda: alarms.off(others[1])),
            alarms.at(moment, lambda: rung.append("off")),
            alarms.at(moment, done.set),
        ]
        await asyncio.wait_for(done.wait(), PATIENCE_SECONDS)
        assert rung == []

    async def test_after_they_are_closed_none_rings(self) -> None:
        alarms, rung = Alarms(), list[str]()
        alarms.at(now() + 0.01, lambda: rung.append("closed"))
        alarms.close()
        await asyncio.sleep(0.03)
        assert rung == []

    def test_those_of_an_event_loop_that_has_ended_do_not_stand_in_the_way(self) -> None:
        alarms = Alarms()

        async def forgotten() -> None:
            alarms.at(now(), lambda: None)

        async def bounded() -> None:
            with alarms.until(now() + 0.01):
                await asyncio.Event().wait()

        asyncio.run(forgotten())
        with pytest.raises(TimeoutError):
            asyncio.run(bounded())


class TestBounds:
    async def test_a_block_that_ends_in_time_goes_on(self) -> None:
        with Alarms().until(now() + PATIENCE_SECONDS):
            await asyncio.sleep(0)

    async def test_a_block_that_takes_too_long_ends(self) -> None:
        alarms = Alarms()
        with pytest.raises(TimeoutError), alarms.until(now() + 0.01):
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # the task itself goes on

    async def test_a_moment_that_is_past_ends_it_at_once(self) -> None:
        with pytest.raises(TimeoutError), Alarms().until(now() - 1):
            await asyncio.Event().wait()

    async def test_without_a_moment_it_ends_only_when_told(self) -> None:
        bound = Alarms().until(None)
        asyncio.get_running_loop().call_soon(bound.end)
        with pytest.raises(TimeoutError), bound:
            await asyncio.Event().wait()

    async def test_a_task_that_is_cancelled_is_cancelled(self) -> None:
        alarms = Alarms()

        async def waiting() -> None:
            with alarms.until(now() + PATIENCE_SECONDS):
                await asyncio.Event().wait()

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_a_task_that_is_cancelled_when_its_time_has_come_is_cancelled(self) -> None:
        bound = Alarms().until(None)

        async def waiting() -> None:
            with bound:
                await asyncio.Event().wait()

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0)
        bound.end()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_the_outer_of_two_bounds_ends_both(self) -> None:
        alarms = Alarms()
        outer, inner = alarms.until(now() + 0.01), alarms.until(now() + PATIENCE_SECONDS)
        with pytest.raises(TimeoutError), outer, inner:
            await asyncio.Event().wait()

    async def test_what_a_block_raises_itself_stays(self) -> None:
        with pytest.raises(ValueError, match="x"), Alarms().until(now() + PATIENCE_SECONDS):
            raise ValueError("x")
