"""Places are given in turns to tenants, in order within each, and never to more than there are."""

import asyncio
from collections import Counter, defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from router.execute.transport.traffic.fair_queue import Crowded, Dismissed, FairQueue
from router.execute.transport.traffic.settings import Concurrency

PLACES, SHARE = 4, 3
WAITING = 8
TENANTS = st.sampled_from(["a", "b", "c", None])


class Guest:
    """One request at the queue."""

    def __init__(self, queue: FairQueue, tenant: str | None) -> None:
        self.tenant = tenant
        self.task = asyncio.get_running_loop().create_task(queue.enter(tenant))

    @property
    def outcome(self) -> str:
        if not self.task.done():
            return "waits"
        if self.task.cancelled():
            return "left"
        return "inside" if self.task.exception() is None else "sent away"


class Queueing(RuleBasedStateMachine):
    """Guests come, give up, and leave, in any order; several things may happen before the event loop turns."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.queue = FairQueue(Concurrency(PLACES, WAITING, SHARE / PLACES))
        self.guests: list[Guest] = []
        self.gone: set[Guest] = set()

    def teardown(self) -> None:
        async def end() -> None:
            for guest in self.guests:
                guest.task.cancel()
            await asyncio.gather(*(guest.task for guest in self.guests), return_exceptions=True)

        self.loop.run_until_complete(end())
        self.loop.close()

    def which(self, outcome: str) -> list[Guest]:
        return [guest for guest in self.guests if guest.outcome == outcome and guest not in self.gone]

    @rule(tenants=st.lists(TENANTS, min_size=1, max_size=6))
    def come(self, tenants: list[str | None]) -> None:
        async def coming() -> None:
            self.guests += [Guest(self.queue, tenant) for tenant in tenants]
            await self.settle()

        self.loop.run_until_complete(coming())

    @rule(data=st.data(), turn=st.booleans())
    @precondition(lambda self: self.which("waits"))
    def give_up(self, data: st.DataObject, *, turn: bool) -> None:
        guest = data.draw(st.sampled_from(self.which("waits")))

        async def going() -> None:
            guest.task.cancel()
            if turn:
                await self.settle()
            if self.which("inside"):
                self._leave(self.which("inside")[0])
            await self.settle()

        self.loop.run_until_complete(going())

    @rule(data=st.data(), cancelled=st.booleans())
    @precondition(lambda self: self.which("inside"))
    def leave(self, data: st.DataObject, *, cancelled: bool) -> None:
        """In the same turn of the loop, somebody who was just let in may give up."""
        guest = data.draw(st.sampled_from(self.which("inside")))
        waiting = self.which("waits")

        async def leaving() -> None:
            self._leave(guest)
            if cancelled and waiting:
                data.draw(st.sampled_from(waiting)).task.cancel()
            await self.settle()

        self.loop.run_until_complete(leaving())

    def _leave(self, guest: Guest) -> None:
        self.gone.add(guest)
        self.queue.leave(guest.tenant)

    async def settle(self) -> None:
        for _ in range(4):
            await asyncio.sleep(0)

    @invariant()
    def counts_are_true(self) -> None:
        assert self.queue.running == len(self.which("inside")) <= PLACES
        assert self.queue.waiting == len(self.which("waits")) <= WAITING

    def inside(self) -> Counter[str | None]:
        return Counter(each.tenant for each in self.which("inside"))

    @invariant()
    def nobody_has_more_than_their_share(self) -> None:
        assert all(count <= SHARE for tenant, count in self.inside().items() if tenant is not None)

    @invariant()
    def nobody_waits_beside_a_free_place_without_having_their_share(self) -> None:
        inside = self.inside()
        for each in self.which("waits"):
            assert inside.total() == PLACES or (each.tenant is not None and inside[each.tenant] == SHARE)

    @invariant()
    def a_tenants_requests_keep_their_order(self) -> None:
        seen: defaultdict[str | None, list[str]] = defaultdict(list)
        for guest in self.guests:
            if guest.outcome in {"inside", "waits"}:
                seen[guest.tenant].append(guest.outcome)
        for outcomes in seen.values():
            assert outcomes == sorted(outcomes)  # whoever is inside came before whoever waits


TestQueueing = Queueing.TestCase
TestQueueing.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


async def come(queue: FairQueue, *tenants: str) -> list[Guest]:
    guests = [Guest(queue, tenant) for tenant in tenants]
    for _ in range(2):  # once for them, and once for those whom they send away
        await asyncio.sleep(0)
    return guests


class TestTurns:
    async def test_a_tenant_at_many_times_its_share_delays_another_by_its_turns_alone(self) -> None:
        queue = FairQueue(Concurrency(requests=1, waiting=1_000))
        flood = await come(queue, *["greedy"] * 200)
        modest = await come(queue, *["modest"] * 10)
        order: list[str | None] = []
        for _ in range(20):
            inside = next(each for each in flood + modest if each.outcome == "inside")
            order.append(inside.tenant)
            (flood if inside in flood else modest).remove(inside)
            queue.leave(inside.tenant)
            await asyncio.sleep(0)
        assert order[1:] == ["greedy", "modest"] * 9 + ["greedy"]
        for each in flood + modest:
            each.task.cancel()
        await asyncio.gather(*(each.task for each in flood + modest), return_exceptions=True)

    async def test_a_quiet_tenant_finds_a_place_at_once_whatever_another_one_wants(self) -> None:
        queue = FairQueue(Concurrency(requests=8))
        flood = await come(queue, *["greedy"] * 200)
        assert [each.outcome for each in flood[5:7]] == ["inside", "waits"]
        assert queue.enter_at_once("modest")
        queue.leave("modest")
        assert [each.outcome for each in flood[5:7]] == ["inside", "waits"]
        for each in flood:
            each.task.cancel()
        await asyncio.gather(*(each.task for each in flood), return_exceptions=True)

    async def test_whoever_is_nobody_in_particular_may_take_all_places(self) -> None:
        queue = FairQueue(Concurrency(requests=3))
        assert [queue.enter_at_once(None) for _ in range(4)] == [True, True, True, False]

    async def test_where_too_many_wait_the_one_who_has_most_loses_its_last(self) -> None:
        queue = FairQueue(Concurrency(requests=1, waiting=3))
        guests = await come(queue, "a", "a", "a", "a")
        (other,) = await come(queue, "b")
        assert [each.outcome for each in [*guests, other]] == ["inside", "waits", "waits", "sent away", "waits"]
        (more,) = await come(queue, "a")
        assert more.outcome == "sent away"
        for each in (*guests[:3], other):
            each.task.cancel()
        for each in (guests[3], more):
            with pytest.raises(Crowded):
                each.task.result()

    async def test_all_who_wait_can_be_sent_away(self) -> None:
        queue = FairQueue(Concurrency(requests=1, waiting=3))
        first, second, third = await come(queue, "a", "a", "b")
        queue.dismiss()
        await asyncio.sleep(0)
        assert (first.outcome, second.outcome, third.outcome) == ("inside", "sent away", "sent away")
        assert queue.waiting == 0
        for each in (second, third):
            with pytest.raises(Dismissed):
                each.task.result()
        queue.leave("a")
        assert queue.enter_at_once("a")
