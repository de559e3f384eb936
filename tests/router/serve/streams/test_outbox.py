"""What waits for a slow reader: never more than a bound, in the way that was chosen."""

import asyncio
from typing import Any

import pytest

from router.serve import Refused
from router.serve.streams.outbox import End, Event, Message, Notice, Outbox
from router.serve.streams.settings import Overflow


def event(number: int) -> dict[str, Any]:
    return {"data": {"n": number}}


async def taken(outbox: Outbox, count: int) -> list[Any]:
    return [_told(await outbox.get()) for _ in range(count)]


def _told(message: Message) -> Any:
    match message:
        case Event():
            return message.told()
        case End():
            return f"the end of {message.operation}"
        case Notice():
            return message.message


async def let_others_run() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class TestWaiting:
    async def test_events_are_given_in_order(self) -> None:
        outbox = Outbox(4, Overflow.WAIT)
        for number in range(3):
            await outbox.put_event("1", event(number))
        assert await taken(outbox, 3) == [event(0), event(1), event(2)]

    async def test_a_full_queue_lets_the_operation_wait(self) -> None:
        outbox = Outbox(1, Overflow.WAIT)
        await outbox.put_event("1", event(0))
        late = asyncio.ensure_future(outbox.put_event("1", event(1)))
        await let_others_run()
        assert not late.done()
        assert await taken(outbox, 2) == [event(0), event(1)]
        await late

    async def test_an_end_does_not_wait(self) -> None:
        outbox = Outbox(1, Overflow.WAIT)
        await outbox.put_event("1", event(0))
        outbox.put_end("1")
        assert await taken(outbox, 2) == [event(0), "the end of 1"]

    async def test_ends_that_pile_up_leave_no_room(self) -> None:
        outbox = Outbox(2, Overflow.WAIT)
        for number in range(4):
            outbox.put_end(str(number))
        waiting = asyncio.ensure_future(outbox.room())
        await let_others_run()
        assert not waiting.done()
        await outbox.get()
        await waiting

    async def test_what_is_forgotten_makes_room(self) -> None:
        outbox = Outbox(2, Overflow.WAIT)
        await outbox.put_event("1", event(0))
        await outbox.put_event("2", event(1))
        outbox.forget("1")
        await outbox.put_event("2", event(2))
        assert await taken(outbox, 2) == [event(1), event(2)]

    async def test_ends_take_no_place_of_events(self) -> None:
        """Every end that is read must not make room for one event more."""
        outbox = Outbox(1, Overflow.WAIT)
        outbox.put_end("1")
        await outbox.get()
        await outbox.put_event("2", event(0))
        late = asyncio.ensure_future(outbox.put_event("2", event(1)))
        await let_others_run()
        assert not late.done()
        late.cancel()


class TestDroppingTheOldest:
    async def test_the_next_event_tells_what_is_missing(self) -> None:
        outbox = Outbox(2, Overflow.DROP_OLDEST)
        for number in range(5):
            await outbox.put_event("1", event(number))
        gap = {"code": "EVENTS_MISSED", "missed": 3}
        assert await taken(outbox, 2) == [{**event(3), "extensions": {"gap": gap}}, event(4)]

    async def test_an_operation_makes_room_of_its_own(self) -> None:
        outbox = Outbox(2, Overflow.DROP_OLDEST)
        await outbox.put_event("quiet", event(0))
        for number in (1, 2):
            await outbox.put_event("busy", event(number))
        gap = {"code": "EVENTS_MISSED", "missed": 1}
        assert await taken(outbox, 2) == [event(0), {**event(2), "extensions": {"gap": gap}}]

    async def test_an_operation_without_events_takes_the_place_of_the_oldest(self) -> None:
        outbox = Outbox(1, Overflow.DROP_OLDEST)
        await outbox.put_event("1", event(0))
        await outbox.put_event("2", event(1))
        assert await taken(outbox, 1) == [event(1)]
        await outbox.put_event("1", {**event(2), "extensions": {"cursor": "c"}})
        gap = {"code": "EVENTS_MISSED", "missed": 1}
        assert await taken(outbox, 1) == [{**event(2), "extensions": {"cursor": "c", "gap": gap}}]

    async def test_messages_of_the_protocol_are_never_dropped(self) -> None:
        outbox = Outbox(1, Overflow.DROP_OLDEST)
        await outbox.put_notice({"type": "pong"})
        late = asyncio.ensure_future(outbox.put_event("1", event(0)))
        await let_others_run()
        assert not late.done()
        first, second = await outbox.get(), await outbox.get()
        assert isinstance(first, Notice)
        assert isinstance(second, Event)
        await late

    async def test_parts_of_one_answer_are_never_dropped(self) -> None:
        outbox = Outbox(1, Overflow.DROP_OLDEST)
        await outbox.put("1", event(0))
        late = asyncio.ensure_future(outbox.put("1", event(1)))
        await let_others_run()
        assert not late.done()
        assert await taken(outbox, 2) == [event(0), event(1)]


async def test_closing_refuses_what_does_not_fit() -> None:
    outbox = Outbox(1, Overflow.CLOSE)
    await outbox.put_event("1", event(0))
    with pytest.raises(Refused) as refused:
        await outbox.put_event("1", event(1))
    assert refused.value.errors[0]["extensions"]["code"] == "SLOW_CONSUMER"
