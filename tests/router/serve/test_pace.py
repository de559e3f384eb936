"""A tenant with much that nobody has seen leaves time for others."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.serve.errors import Refused
from router.serve.pace import (
    BURST_SECONDS,
    LASTING_REST_SECONDS,
    LASTING_SECONDS,
    MOST_REST_SECONDS,
    SHARE,
    Pace,
)
from router.serve.turns import Turns
from tests.patience import PATIENCE_SECONDS


async def _two_tenants() -> Pace:
    pace = Pace()
    pace.meet("other")
    pace.meet("greedy")
    return pace


async def test_nobody_rests_alone() -> None:
    now = time.monotonic()
    assert Pace().rest("only", 10.0, now) == 0.0


async def test_a_tenant_has_some_work_at_once_and_rests_after_more() -> None:
    pace, now = await _two_tenants(), time.monotonic()
    assert pace.rest("greedy", BURST_SECONDS * 0.99, now) == 0.0
    assert pace.rest("greedy", 0.001, now) > 0.0
    assert pace.rest("other", 0.001, now) == 0.0


async def test_one_long_piece_of_work_is_not_paid_back_for_ever() -> None:
    pace, now = await _two_tenants(), time.monotonic()
    assert pace.rest("greedy", 100.0, now) == LASTING_REST_SECONDS
    assert pace.rest("greedy", 0.0001, now + LASTING_REST_SECONDS) <= LASTING_REST_SECONDS


async def test_who_has_much_that_is_new_rests_little_at_first_and_longer_if_it_goes_on() -> None:
    pace, now, rests = await _two_tenants(), time.monotonic(), list[float]()
    for _ in range(int(LASTING_SECONDS / 0.001) + 20):
        rests.append(pace.rest("greedy", 0.001, now))
        now += rests[-1] + 0.001
    assert max(rests[: int(LASTING_SECONDS / 0.001) - 1]) <= MOST_REST_SECONDS
    assert rests[-1] == LASTING_REST_SECONDS


@given(st.lists(st.floats(0.0, MOST_REST_SECONDS * SHARE / 2), max_size=200))
def test_who_rests_as_told_has_their_share_and_the_first_burst(pieces: list[float]) -> None:
    async def work() -> float:
        pace = await _two_tenants()
        now = begun = time.monotonic()
        for piece in pieces:
            now += piece
            now += pace.rest("greedy", piece, now)
        return now - begun

    assert sum(pieces) <= BURST_SECONDS + asyncio.run(work()) * SHARE + 1e-6


async def test_another_tenants_work_goes_before_what_has_to_rest() -> None:
    pace, done = await _two_tenants(), list[str]()
    looking, planning = (Turns(PATIENCE_SECONDS, "BUSY", "Too many.", pace, ahead=ahead) for ahead in (False, True))

    async def work(turns: Turns, tenant: str, name: str) -> None:
        async with turns.turn(tenant):
            time.sleep(BURST_SECONDS)  # noqa: ASYNC251  # as work on the event loop does
            done.append(name)

    async with asyncio.TaskGroup() as group:
        for number in range(5):
            group.create_task(work(looking, "greedy", f"look {number}"))
        await asyncio.sleep(BURST_SECONDS * 2)
        group.create_task(work(planning, "greedy", "plan"))
        group.create_task(work(looking, "other", "other"))
    assert done.index("other") < done.index("look 4")
    assert done.index("plan") < done.index("look 4")


async def test_who_gives_up_waiting_holds_nobody_up() -> None:
    pace = await _two_tenants()
    turns = Turns(0.01, "BUSY", "Too many.", pace)
    async with turns.turn("other"):
        with pytest.raises(Refused):
            async with turns.turn("greedy"):
                raise AssertionError
    async with Turns(PATIENCE_SECONDS, "BUSY", "Too many.", pace).turn("greedy"):
        pass


def test_what_rests_in_one_event_loop_goes_on_in_another() -> None:
    pace = Pace()
    turns = Turns(PATIENCE_SECONDS, "BUSY", "Too many.", pace)

    async def work() -> None:
        pace.meet("other")
        pace.meet("greedy")
        async with turns.turn("greedy"):
            time.sleep(BURST_SECONDS * 2)  # noqa: ASYNC251  # as work on the event loop does

    for _ in range(2):
        asyncio.run(work())
