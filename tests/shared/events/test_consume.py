"""A consumer handles each event exactly once in effect, and a bad one doesn't stop the good ones."""

import asyncio
from typing import Any, cast
from uuid import uuid4

import msgspec
import pytest

from shared.database import TenantSession
from shared.errors import Unavailable
from shared.events import Handler, acknowledgement_of, dead_letters, streams
from shared.events.event import Recorded
from tests.shared.events.bus import HANDLERS, Bus, Note, NoteWritten, eventually, running, write_down

_STREAM = streams.stream_of("sender")


def recorded(bus: Bus, note: str, tenant: int = 0) -> Recorded:
    event = NoteWritten(tenant_id=bus.tenants[tenant], note=note)
    return Recorded(event.event_id, event.tenant_id, event.topic, msgspec.json.encode(event))


async def publish(bus: Bus, *notes: str, tenant: int = 0) -> list[Recorded]:
    events = [recorded(bus, note, tenant) for note in notes]
    await streams.append(bus.redis, _STREAM, events)
    return events


async def letters_of(bus: Bus) -> list[dict[bytes, bytes]]:
    return [fields for _, fields in await cast("Any", bus.redis).xrange(streams.dead_letters_of("receiver"))]


async def has(bus: Bus, stream: str, entries: int) -> bool:
    return await cast("Any", bus.redis).xlen(stream) == entries


async def pending(bus: Bus) -> int:
    return (await cast("Any", bus.redis).xpending(_STREAM, "receiver"))["pending"]


class Stubborn:
    """A handler that fails as long as it is told to."""

    def __init__(self, error: Exception, *, times: int, on: str) -> None:
        self.error, self.times, self.on = error, times, on
        self.attempts = 0

    async def __call__(self, session: TenantSession, event: Note) -> None:
        await write_down(session, event)
        if event.note == self.on:
            self.attempts += 1
            if self.attempts <= self.times:
                raise self.error

    @property
    def handlers(self) -> Any:
        return {NoteWritten.topic: Handler(Note, self)}


class TestOnce:
    async def test_an_event_that_comes_twice_is_handled_once(self, bus: Bus) -> None:
        events = await publish(bus, "first")
        await streams.append(bus.redis, _STREAM, events)
        async with running(bus.consumer().run()):
            await publish(bus, "second")
            await bus.settle("first", "second")

    async def test_two_members_that_get_the_same_event_handle_it_once(self, bus: Bus) -> None:
        events = await publish(bus, *map(str, range(40)))
        await streams.append(bus.redis, _STREAM, events)
        async with running(bus.consumer(member="first").run(), bus.consumer(member="second").run()):
            await publish(bus, "last")

            async def done() -> bool:
                return "last" in await bus.noted() and await pending(bus) == 0

            await eventually(done)
        assert sorted(await bus.noted()) == sorted([*map(str, range(40)), "last"])

    async def test_everything_is_acknowledged(self, bus: Bus) -> None:
        await publish(bus, "a", "b")
        async with running(bus.consumer().run()):
            await bus.settle("a", "b")

            async def acknowledged() -> bool:
                return await pending(bus) == 0

            await eventually(acknowledged)


class TestOrder:
    async def test_the_events_of_a_tenant_are_handled_in_order(self, bus: Bus) -> None:
        notes = [str(n) for n in range(150)]
        await publish(bus, *notes)
        async with running(bus.consumer().run()):
            await bus.settle(*notes)

    async def test_a_tenant_whose_event_keeps_failing_does_not_delay_another(self, bus: Bus) -> None:
        stubborn = Stubborn(Unavailable(), times=1_000, on="stuck")
        await publish(bus, "stuck", tenant=0)
        async with running(bus.consumer(stubborn.handlers).run()):
            await publish(bus, *map(str, range(100)), tenant=1)
            await bus.settle(*map(str, range(100)), tenant=1)
        assert await bus.noted(0) == []


class TestFailures:
    async def test_a_handler_that_fails_is_tried_again_and_leaves_nothing_of_its_failures(self, bus: Bus) -> None:
        stubborn = Stubborn(RuntimeError("not yet"), times=2, on="hard")
        await publish(bus, "hard", "easy")
        async with running(bus.consumer(stubborn.handlers).run()):
            await bus.settle("hard", "easy")
        assert await letters_of(bus) == []

    async def test_a_poisonous_event_is_put_with_the_dead_letters_and_the_stream_goes_on(self, bus: Bus) -> None:
        stubborn = Stubborn(RuntimeError("never"), times=1_000, on="poison")
        (event, _) = await publish(bus, "poison", "good")
        async with running(bus.consumer(stubborn.handlers, attempts=3).run()):
            await bus.settle("good")
        (letter,) = await letters_of(bus)
        assert stubborn.attempts == 3
        assert letter[b"event_id"].decode() == str(event.event_id)
        assert letter[b"payload"] == event.payload
        assert (letter[b"stream"], letter[b"reason"]) == (b"events:sender", b"RuntimeError('never')")

    async def test_a_dead_letter_that_is_delivered_again_is_handled_once_by_its_consumer_alone(self, bus: Bus) -> None:
        stubborn = Stubborn(RuntimeError("mended later"), times=2, on="poison")
        await publish(bus, "poison")
        async with running(bus.consumer(stubborn.handlers, attempts=1).run()):
            for _ in range(2):
                await eventually(lambda: has(bus, streams.dead_letters_of("receiver"), 1))
                (letter,) = [one async for one in dead_letters.dead_letters(bus.redis, "receiver")]
                assert (letter.reason, letter.event is not None) == ("RuntimeError('mended later')", True)
                for _ in range(2):  # whoever asks twice does no harm
                    assert await dead_letters.deliver_again(bus.redis, letter)
            await bus.settle("poison")
            await eventually(lambda: has(bus, streams.retries_of("receiver"), 0))
            assert await bus.noted() == ["poison"]
            assert await letters_of(bus) == []
            assert await has(bus, _STREAM, 1)

    async def test_an_outage_is_not_held_against_an_event(self, bus: Bus) -> None:
        stubborn = Stubborn(Unavailable(), times=5, on="patient")
        await publish(bus, "patient")
        async with running(bus.consumer(stubborn.handlers, attempts=2).run()):
            await bus.settle("patient")

    async def test_a_tenant_that_has_to_wait_keeps_no_place_from_another(
        self, bus: Bus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shared.events.consume._TENANTS_AT_ONCE", 1)
        stubborn = Stubborn(Unavailable(), times=1_000_000, on="patient")
        await publish(bus, "patient")
        async with running(bus.consumer(stubborn.handlers).run()):
            await publish(bus, "other", tenant=1)
            await bus.settle("other", tenant=1)
        assert await letters_of(bus) == []

    async def test_what_is_not_an_event_is_put_with_the_dead_letters(self, bus: Bus) -> None:
        await cast("Any", bus.redis).xadd(_STREAM, {"hello": "world"})
        await streams.append(bus.redis, _STREAM, [Recorded(uuid4(), bus.tenants[0], NoteWritten.topic, b'{"note": 1}')])
        async with running(bus.consumer().run()):
            await publish(bus, "good")
            await bus.settle("good")

            async def buried() -> bool:
                return len(await letters_of(bus)) == 2

            await eventually(buried)

    async def test_topics_without_a_handler_are_passed_over(self, bus: Bus) -> None:
        await streams.append(bus.redis, _STREAM, [Recorded(uuid4(), bus.tenants[0], "sender.sneezed.v1", b"{}")])
        await publish(bus, "heard")
        async with running(bus.consumer().run()):
            await bus.settle("heard")
        assert await letters_of(bus) == []


class TestTakingOver:
    async def hold(self, bus: Bus, member: str) -> None:
        """Let a member take everything and die before it has handled anything."""
        group = streams.Group(bus.redis, "receiver", member, (_STREAM,))
        await group.ensure()
        assert await group.read(count=100, block=100)

    async def test_what_a_killed_member_had_taken_is_claimed_by_another(self, bus: Bus) -> None:
        await publish(bus, "a", "b", "c")
        await self.hold(bus, "killed")
        async with running(bus.consumer(member="other", claim_idle=0.3).run()):
            await bus.settle("a", "b", "c")

    async def test_a_member_that_comes_back_goes_on_at_once(self, bus: Bus) -> None:
        await publish(bus, *map(str, range(100)))
        await self.hold(bus, "first")
        async with running(bus.consumer(member="first").run()):
            await bus.settle(*map(str, range(100)))

    async def test_a_member_does_not_claim_what_it_is_still_working_on(self, bus: Bus) -> None:
        stubborn = Stubborn(Unavailable(), times=3, on="slow")
        await publish(bus, "slow")
        async with running(bus.consumer(stubborn.handlers, claim_idle=0.1).run()):
            await bus.settle("slow")
        assert stubborn.attempts == 4


class TestLostGroup:
    async def test_a_group_that_is_lost_is_made_again_and_reads_what_is_there(self, bus: Bus) -> None:
        await publish(bus, "one")
        async with running(bus.consumer().run()):
            await bus.settle("one")
            await cast("Any", bus.redis).xgroup_destroy(_STREAM, "receiver")
            await publish(bus, "two")
            await bus.settle("one", "two")


class TestWakes:
    async def test_who_waits_is_woken_after_the_commit_also_when_the_event_comes_again(self, bus: Bus) -> None:
        seen: list[tuple[str, list[str]]] = []
        handlers = {NoteWritten.topic: Handler(Note, write_down, wakes=lambda note: [f"notes:{note.note}"])}
        async with cast("Any", bus.redis).pubsub() as pubsub:
            (event,) = [recorded(bus, "x")]
            await pubsub.subscribe("notes:x", acknowledgement_of(event.event_id, "receiver"))
            await streams.append(bus.redis, _STREAM, [event, event])
            async with running(bus.consumer(handlers).run()):
                while len(seen) < 4:
                    message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                    if message:
                        seen.append((message["channel"].decode(), await bus.noted()))
        assert [noted for _, noted in seen] == [["x"]] * 4
        assert sorted({channel for channel, _ in seen}) == [acknowledgement_of(event.event_id, "receiver"), "notes:x"]


async def test_handlers_name_the_streams_to_read(bus: Bus) -> None:
    consumer = bus.consumer({**HANDLERS, "auth.tenant-created.v1": Handler(Note, write_down)})
    assert consumer.streams == ("events:auth", "events:sender")
    await asyncio.sleep(0)
