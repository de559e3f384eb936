"""Subscriptions that share a source get what they would have got from one of their own."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from itertools import count
from time import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.serve import RequestContext, create_app
from router.serve.access.identity import Identity
from router.serve.life.live import LiveEngine
from router.serve.request import GraphQLRequest
from router.serve.streams.operations import Operations
from router.serve.streams.outbox import Outbox
from router.serve.streams.settings import Overflow
from tests.router.serve.streams.asgi import requested
from tests.router.serve.streams.sources.hub import ENGINE, MINE, RUNG, SDL, House, Hub, Stage, engine_of, settle

Make = Callable[..., Awaitable[House]]


def caller(subject: str, tenant: str = "north", **rest: Any) -> RequestContext:
    headers = {"authorization": f"Bearer {subject}"}
    return RequestContext(headers, identity=Identity(subject, tenant, **rest))


ADA, EVE, SUE = caller("ada"), caller("eve"), caller("sue", "south")


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def house(hub: Hub) -> AsyncGenerator[Make]:
    made: list[House] = []

    async def make(**settings: Any) -> House:
        made.append(await House.over(hub, **settings))
        return made[-1]

    yield make
    for each in made:
        await each.aclose()
    await settle()
    assert hub.open == 0
    assert [len(each.sources) for each in made] == [0] * len(made)


class TestAlike:
    async def test_equal_callers_have_one_source_and_one_text(self, house: Make, hub: Hub) -> None:
        router = await house()
        clients = [router.watch(ADA, 1) for _ in range(3)]
        await settle()
        assert hub.open == 1
        hub.ring(7)
        await settle()
        texts = [each.events() for each in clients]
        assert texts[0] == [b'{"data":{"rung":{"number":7,"of":1,"by":null}}}']
        assert all(text[0] is texts[0][0] for text in texts)

    async def test_others_have_their_own(self, house: Make, hub: Hub) -> None:
        router = await house()
        for context, of in [(ADA, 1), (EVE, 1), (SUE, 1), (ADA, 2), (None, 1)]:
            router.watch(context, of)
        await settle()
        assert hub.open == 5

    async def test_who_comes_after_an_event_has_its_own(self, house: Make, hub: Hub) -> None:
        """The source may have something to say to each newcomer, as where things stand."""
        router = await house()
        first = router.watch(ADA)
        await settle()
        hub.ring(1)
        await settle()
        second = router.watch(ADA)
        await settle()
        assert hub.open == 2
        hub.ring(2)
        await settle()
        assert (first.read(), second.read()) == ([1, 2], [2])

    async def test_sharing_can_be_left_alone(self, house: Make, hub: Hub) -> None:
        router = await house(share=False, shared_fields=("rung",))
        for _ in range(2):
            router.watch(ADA)
        await settle()
        assert hub.open == 2

    async def test_who_goes_on_after_an_event_has_its_own(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        for cursor in (None, "c1", "c1"):
            router.watch(ADA, cursor=cursor)
        await settle()
        assert hub.open == 3


class TestSharedFields:
    async def test_all_of_a_tenant_have_one_source_whenever_they_come(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        first = router.watch(ADA)
        await settle()
        hub.ring(1)
        await settle()
        second, other = router.watch(EVE), router.watch(SUE)
        await settle()
        assert [each["authorization"] for each in hub.opened] == ["Bearer ada", "Bearer sue"]
        hub.ring(2)
        await settle()
        assert (first.read(), second.read(), other.read()) == ([1, 2], [2], [2])

    async def test_other_fields_are_not_shared(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        for context in (ADA, EVE):
            router.watch(context, query=MINE)
        await settle()
        assert hub.open == 2

    async def test_it_goes_on_when_the_one_leaves_in_whose_name_it_was_opened(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        first, second = router.watch(ADA), router.watch(EVE)
        await settle()
        await first.leave()
        hub.ring(1)
        await settle()
        assert (hub.open, len(hub.opened), second.read(), first.read()) == (1, 1, [1], [])

    async def test_it_is_opened_in_anothers_name_when_their_identity_is_revoked(self, house: Make, hub: Hub) -> None:
        hub.cursors = True
        router = await house(shared_fields=("rung",))
        first, second = router.watch(ADA), router.watch(EVE)
        await settle()
        hub.ring(1)
        await settle()
        await first.leave()
        router.revocations.revoke("ada", "north")
        await settle()
        assert hub.open == 1
        assert [each["authorization"] for each in hub.opened] == ["Bearer ada", "Bearer eve"]
        assert hub.opened[1]["last-event-id"] == "c1"
        hub.ring(2)
        await settle()
        assert second.read() == [1, 2]

    async def test_without_a_cursor_the_next_event_tells_that_some_may_be_missing(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        router.watch(ADA)
        second = router.watch(EVE)
        await settle()
        router.revocations.revoke("ada", "north")
        await settle()
        for number in (1, 2):
            hub.ring(number)
        await settle()
        assert second.read() == [1, "gap", 2]

    async def test_nobody_is_asked_for_in_the_name_of_who_has_expired(self, house: Make, hub: Hub) -> None:
        router = await house(shared_fields=("rung",))
        router.watch(caller("ada", expires=time() - 1))
        router.watch(EVE)
        await settle()
        assert [each["authorization"] for each in hub.opened] == ["Bearer eve"]

    async def test_an_event_that_is_being_given_comes_to_all_when_an_identity_ends(
        self, house: Make, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("router.serve.streams.sources.source.AT_ONCE", 1)
        router = await house(shared_fields=("rung",))
        clients = [router.watch(each) for each in (ADA, EVE, EVE, EVE)]
        await settle()
        hub.ring(1)
        while not clients[0].read():  # noqa: ASYNC110  # somebody who waited would be woken when it is over
            await asyncio.sleep(0)
        router.revocations.revoke("ada", "north")
        await settle()
        assert [each.read() for each in clients] == [[], [1], [1], [1]]
        assert len(hub.opened) == 2


class TestEnds:
    async def test_the_end_of_the_source_is_everybodys(self, house: Make, hub: Hub) -> None:
        router = await house()
        clients = [router.watch(ADA) for _ in range(2)]
        await settle()
        hub.ring(1)
        hub.ring(None)
        await settle()
        assert [(each.read(), each.is_over, each.refused) for each in clients] == [([1], True, None)] * 2

    async def test_the_last_one_who_leaves_ends_it(self, house: Make, hub: Hub) -> None:
        router = await house()
        first, second = router.watch(ADA), router.watch(ADA)
        await settle()
        await first.leave()
        assert hub.open == 1
        await second.leave()
        assert hub.open == 0

    async def test_a_bug_is_masked_for_all(
        self, house: Make, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_: object) -> bytes:
            raise RuntimeError("secret")

        router = await house()
        clients = [router.watch(ADA) for _ in range(2)]
        await settle()
        monkeypatch.setattr("router.serve.streams.sources.source.write_json", fail)
        hub.ring(1)
        await settle()
        assert [each.refused for each in clients] == ["INTERNAL_SERVER_ERROR"] * 2
        assert len(caplog.records) == 1

    async def test_a_price_has_no_source(self, house: Make, hub: Hub) -> None:
        client = (await house()).watch(replace(ADA, dry_run=True))
        await settle()
        assert client.is_over
        assert hub.opened == []


class TestReload:
    async def test_each_hears_that_the_field_is_gone_and_where_it_was(self, house: Make, hub: Hub) -> None:
        hub.cursors = True
        router = await house(shared_fields=("rung",))
        live = router.engine = LiveEngine(router.engine, {})
        clients = [router.watch(each) for each in (ADA, EVE)]
        await settle()
        assert hub.open == 1
        hub.ring(1)
        await settle()
        await live.exchange(engine_of(Stage(), SDL.replace("rung(", "rang(")), {})
        await settle()
        assert [each.refused for each in clients] == ["SUBSCRIPTION_SCHEMA_RELOAD"] * 2
        assert [each.reader.cursor for each in clients] == ["c1", "c1"]
        assert hub.open == 0


class TestConnections:
    async def test_several_share_over_http(self, house: Make, hub: Hub) -> None:
        await house()
        app = create_app(ENGINE)
        ask: dict[str, Any] = {"body": {"query": RUNG}, "accept": "text/event-stream"}
        async with requested(app, **ask) as first, requested(app, **ask) as second:
            await settle()
            assert hub.open == 1
            for each in (1, None):
                hub.ring(each)
            texts = [await first.rest(), await second.rest()]
        assert texts[0] == texts[1]
        assert b'"number":1' in texts[0]

    async def test_what_an_operation_would_get_does_not_come_to_the_next_one_of_its_name(
        self, house: Make, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("router.serve.streams.sources.source.AT_ONCE", 1)
        router = await house()
        other = router.watch(of=1)
        outbox = Outbox(4, Overflow.WAIT)
        operations = Operations(ENGINE, outbox, router.sources)
        asked = GraphQLRequest(RUNG, variables={"of": 1})
        operations.begin("1", asked, RequestContext())
        await settle()
        assert hub.open == 1
        hub.ring(1)
        while not other.read():  # noqa: ASYNC110  # the event is given to one after the other
            await asyncio.sleep(0)
        operations.end("1")
        operations.begin("1", asked, RequestContext())
        await settle()
        assert outbox.take() is None
        await operations.aclose()


class TestSlowReaders:
    async def test_the_others_go_on(self, house: Make, hub: Hub) -> None:
        router = await house(queue=2)
        slow, fast = router.watch(ADA), router.watch(ADA)
        await settle()
        seen: list[Any] = []
        for number in range(4):
            hub.ring(number)
            await settle()
            seen += fast.read()
        assert seen == [0, 1, 2, 3]
        late: list[Any] = []
        while found := slow.read():
            late += found
            await settle()
        assert late == [0, 1, 2, 3]

    async def test_who_is_too_slow_for_them_is_ended(self, house: Make, hub: Hub) -> None:
        router = await house(queue=2)
        slow, fast = router.watch(ADA), router.watch(ADA)
        await settle()
        for number in range(6):
            hub.ring(number)
            await settle()
            fast.read()
        assert (slow.refused, slow.read(), fast.is_over) == ("SLOW_CONSUMER", [0, 1], False)

    async def test_while_all_are_the_source_waits(self, house: Make, hub: Hub) -> None:
        router = await house(queue=1)
        clients = [router.watch(ADA) for _ in range(2)]
        await settle()
        for number in range(9):
            hub.ring(number)
        seen: list[list[Any]] = [[], []]
        for _ in range(9):
            await settle()
            assert not any(each.is_over for each in clients)
            for number, each in enumerate(clients):
                seen[number] += each.read()
        assert seen == [list(range(9))] * 2

    async def test_the_end_comes_behind_what_waits(self, house: Make, hub: Hub) -> None:
        router = await house(queue=1)
        client = router.watch(ADA)
        await settle()
        for each in (1, 2, None):
            hub.ring(each)
        await settle()
        assert not client.is_over
        assert client.read() == [1]
        await settle()
        assert (client.read(), client.is_over, client.refused) == ([2], True, None)

    @pytest.mark.parametrize(
        ("overflow", "expected"), [(Overflow.CLOSE, ([1], "SLOW_CONSUMER")), (Overflow.DROP_OLDEST, ([2], None))]
    )
    async def test_each_is_dealt_with_as_was_chosen(
        self, house: Make, hub: Hub, overflow: Overflow, expected: tuple[list[int], str | None]
    ) -> None:
        router = await house(queue=1, overflow=overflow)
        slow, fast = router.watch(ADA), router.watch(ADA)
        await settle()
        for number in (1, 2):
            hub.ring(number)
            await settle()
            assert fast.read() == [number]
        assert (slow.read(), slow.refused) == expected


WATCHING = st.tuples(st.just("watch"), st.sampled_from([None, ADA, EVE, SUE]), st.sampled_from([1, 2]), st.booleans())
STEPS = st.lists(
    st.one_of(WATCHING, st.tuples(st.just("ring")), st.tuples(st.just("leave"), st.integers(0, 5))), max_size=14
)


async def played(steps: list[tuple[Any, ...]], **settings: Any) -> tuple[list[list[bytes]], int]:
    """What each client got, and how many streams that took."""
    hub = Hub()
    router = await House.over(hub, **settings)
    rings = count()
    clients: list[Any] = []
    said: list[list[bytes]] = []
    act: dict[str, Callable[..., Awaitable[None]]] = {}

    async def watch(context: RequestContext | None, of: int, mine: bool) -> None:  # noqa: FBT001  # drawn
        clients.append(router.watch(context, of, query=MINE) if mine else router.watch(context, of))
        said.append([])

    async def ring() -> None:
        hub.ring(next(rings))

    async def leave(which: int) -> None:
        if which < len(clients):
            await clients[which].leave()

    act |= {"watch": watch, "ring": ring, "leave": leave}
    try:
        for name, *how in steps:
            await act[name](*how)
            await settle()
            for number, each in enumerate(clients):
                said[number] += each.events()
    finally:
        await router.aclose()
    assert hub.open == 0
    return said, len(hub.opened)


class TestDifferences:
    @settings(max_examples=20)
    @given(STEPS)
    async def test_there_are_none(self, steps: list[tuple[Any, ...]]) -> None:
        """Events say for which variables, and `mine` for whom: nobody gets another's, and nobody misses one."""
        steps = [("watch", ADA, 1, False), ("watch", ADA, 1, False), ("watch", EVE, 1, False), *steps]
        alone, most = await played(steps, share=False)
        for how in ({}, {"shared_fields": ("rung",)}):
            together, fewer = await played(steps, **how)
            assert together == alone
            assert fewer < most
