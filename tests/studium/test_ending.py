"""What is told to stop does."""

import asyncio
from contextlib import suppress

import pytest

from studium.ending import all_cancelled, first
from tests.patience import PATIENCE_SECONDS


async def deaf_once(ended: list[str]) -> None:
    """Lose a cancellation, as `asyncio.wait_for` may do."""
    forever = asyncio.Event()
    try:
        await forever.wait()
    except asyncio.CancelledError:
        ended.append("lost")
    try:
        await forever.wait()
    finally:
        ended.append("ended")


async def failing() -> None:
    raise RuntimeError


async def failing_late() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        raise RuntimeError


async def told() -> None:
    await asyncio.sleep(0)


async def test_work_that_loses_a_cancellation_ends_all_the_same() -> None:
    ended = list[str]()
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert not await first(deaf_once(ended), told())
    assert ended == ["lost", "ended"]


async def test_it_tells_whether_the_work_was_done() -> None:
    assert await first(told(), asyncio.Event().wait())
    assert not await first(failing_late(), told()), "what fails on its way out was told to stop"
    with pytest.raises(RuntimeError):
        await first(failing(), asyncio.Event().wait())


async def test_what_has_lost_a_cancellation_deep_within_ends_as_well() -> None:
    async def deaf() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(PATIENCE_SECONDS)
        await asyncio.sleep(PATIENCE_SECONDS)

    async def work() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(deaf())

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await all_cancelled(working)
    assert working.cancelled()
