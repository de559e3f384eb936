"""Background tasks live until they are cancelled, and then they end."""

import asyncio
from contextlib import suppress

import pytest
import structlog

from shared.events.backoff import Backoff
from shared.events.repeat import forever, heed_cancellation
from shared.events.turns import Turns
from tests.patience import PATIENCE_SECONDS

_log = structlog.get_logger()


class Runs:
    """Counts the runs of a step, and tells of the third."""

    def __init__(self) -> None:
        self.count = 0
        self.third = asyncio.Event()

    def note(self) -> None:
        self.count += 1
        if self.count == 3:
            self.third.set()


async def fail(error: Exception) -> None:
    raise error


class TestForever:
    @pytest.mark.parametrize("error", [RuntimeError("bug"), OSError("away"), ExceptionGroup("both", [OSError()])])
    async def test_a_failure_does_not_end_it(self, error: Exception) -> None:
        runs = Runs()

        async def step() -> None:
            runs.note()
            raise error

        task = asyncio.create_task(forever(step, _log, longest=0.01))
        await asyncio.wait_for(runs.third.wait(), PATIENCE_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_a_task_group_that_fails_does_not_end_it(self) -> None:
        runs = Runs()

        async def step() -> None:
            runs.note()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fail(OSError("away")))

        task = asyncio.create_task(forever(step, _log, longest=0.01))
        await asyncio.wait_for(runs.third.wait(), PATIENCE_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_it_ends_though_a_step_swallows_the_cancellation(self) -> None:
        started = asyncio.Event()

        async def step() -> None:
            started.set()
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(60)

        task = asyncio.create_task(forever(step, _log))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE_SECONDS)

    async def test_a_loop_inside_a_step_ends_too(self) -> None:
        started = asyncio.Event()

        async def step() -> None:
            while True:
                heed_cancellation()
                started.set()
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(60)

        task = asyncio.create_task(forever(step, _log))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, PATIENCE_SECONDS)


class TestBackoff:
    def test_pauses_grow_to_the_longest_and_start_again_after_a_success(self) -> None:
        backoff = Backoff(first=0.1, longest=5.0)
        pauses = [backoff.next() for _ in range(200)]
        assert all(0.05 <= pause <= 5.0 for pause in pauses)
        assert min(pauses[10:]) >= 2.5
        backoff.reset()
        assert backoff.next() <= 0.1


class TestTurns:
    async def test_keys_are_served_in_the_order_they_asked_and_once(self) -> None:
        turns: Turns[str] = Turns()
        for key in "abab":
            turns.add(key)
        served: list[str] = []
        for _ in range(2):
            async with turns.next() as key:
                served.append(key)
        assert served == ["a", "b"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(turns.next().__aenter__(), 0.02)

    async def test_a_key_that_asks_while_it_is_served_gets_another_turn_afterwards(self) -> None:
        turns: Turns[str] = Turns()
        turns.add("a")
        async with turns.next() as key:
            turns.add(key)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(turns.next().__aenter__(), 0.02)
        async with turns.next() as key:
            assert key == "a"

    async def test_a_key_whose_turn_failed_can_ask_again(self) -> None:
        turns: Turns[str] = Turns()
        turns.add("a")
        with pytest.raises(RuntimeError, match="failed"):
            async with turns.next():
                raise RuntimeError("failed")
        turns.add("a")
        async with turns.next() as key:
            assert key == "a"
