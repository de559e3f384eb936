"""What becomes of requests to a subgraph that does well, or badly, or both in turns."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from router.execute import SubgraphRequest, SubgraphResponse
from router.execute.transport import (
    SubgraphFailure,
    SubgraphOverloaded,
    SubgraphTimeout,
    SubgraphUnavailable,
    SubgraphUnreachable,
)
from router.execute.transport.traffic import (
    Breaking,
    Concurrency,
    ExtraLoad,
    Hedging,
    ManagedTransport,
    Probing,
    Retries,
    State,
    Traffic,
)
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.raw_server import raw_server, reply, take_request
from tests.router.execute.traffic.servers import Server, mutation, query, subgraph

ONE = SubgraphResponse({"a": 1})
PLENTY = ExtraLoad(share=1, floor=100)
QUICKLY = Retries(first_seconds=0.001, longest_seconds=0.001)
ALONE = Traffic(retries=None, breaking=None)
"""Neither tries again nor stops trying."""
EAGER = Breaking(open_seconds=0.02, longest_open_seconds=0.04, stall_seconds=0.1)


def now() -> float:
    return asyncio.get_running_loop().time()


async def code(fetching: Coroutine[Any, Any, SubgraphResponse]) -> str:
    """Of the failure, or none."""
    try:
        await fetching
    except SubgraphFailure as failure:
        return failure.code
    return ""


async def until_it_is(transport: ManagedTransport, state: State) -> None:
    """Wait for the first replica's breaker to be in a state."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while transport.health.replicas[0].state is not state:  # noqa: ASYNC110  # it changes and tells nobody
            await asyncio.sleep(0.005)


class TestPassing:
    async def test_the_subgraph_is_told_how_long_it_has(self) -> None:
        server = Server()
        async with subgraph(Traffic(deadline_header="X-Left", timeout_seconds=90), server) as transport:
            await transport.fetch(query(deadline=now() + 70))
            await transport.fetch(query())
        first, second = (int(head.split(b"\r\nx-left: ")[1].split(b"\r\n")[0]) for head in server.heads)
        assert 60_000 < first <= 70_000
        assert 80_000 < second <= 90_000

    async def test_a_client_cannot_say_how_long_it_has(self) -> None:
        server = Server()
        async with subgraph(Traffic(deadline_header="x-left"), server) as transport:
            await transport.fetch(SubgraphRequest("s", "{a}", headers={"x-left": "1", "x-other": "2"}))
        (head,) = server.heads
        assert head.count(b"x-left:") == 1
        assert b"x-left: 1\r\n" not in head
        assert b"x-other: 2\r\n" in head

    async def test_the_current_trace_goes_on_at_the_subgraph(self) -> None:
        server = Server()
        span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=True, trace_flags=TraceFlags(1)))
        async with subgraph(Traffic(), server) as transport:
            with trace.use_span(span):
                await transport.fetch(SubgraphRequest("s", "{a}", headers={"traceparent": "the client's"}))
            await transport.fetch(query(1))
            await transport.fetch(SubgraphRequest("s", "{a}", headers={"traceparent": "the client's"}))
        traced, untraced, passed = server.heads
        assert traced.count(b"traceparent:") == 1
        assert f"traceparent: 00-{0xABC:032x}-{0xDEF:016x}-01\r\n".encode() in traced
        assert b"traceparent" not in untraced
        assert b"traceparent: the client's\r\n" in passed

    async def test_neither_is_said_if_it_is_not_to_be(self) -> None:
        server = Server()
        span = NonRecordingSpan(SpanContext(0xABC, 0xDEF, is_remote=True))
        async with subgraph(Traffic(deadline_header=None, tracing=False), server) as transport:
            with trace.use_span(span):
                await transport.fetch(query())
        (head,) = server.heads
        assert b"traceparent" not in head
        assert b"timeout" not in head

    async def test_identical_queries_are_one_though_each_has_its_own_time_and_trace(self) -> None:
        servers = [Server(), Server()]
        async with subgraph(Traffic(), *servers) as transport:
            answers = await asyncio.gather(*(transport.fetch(query(deadline=now() + 60 + n)) for n in range(5)))
            assert answers == [ONE] * 5
            assert transport.health.counts.requests == 5
        assert sum(server.requests for server in servers) == 1


class TestRetries:
    @pytest.mark.parametrize("behaviour", ["dropping", "failing"])
    async def test_a_query_is_sent_again(self, behaviour: Any) -> None:
        server = Server(behaviour)
        traffic = Traffic(retries=Retries(first_seconds=0.001), extra_load=PLENTY)
        async with subgraph(traffic, server) as transport:
            fetching = asyncio.create_task(transport.fetch(query()))
            await server.until(requests=1)
            server.behaviour = "good"
            assert await fetching == ONE
        assert transport.health.counts.retries >= 1

    async def test_only_so_often(self) -> None:
        server = Server("failing")
        async with subgraph(Traffic(retries=QUICKLY, extra_load=PLENTY), server) as transport:
            assert await code(transport.fetch(query())) == "SUBGRAPH_UNREACHABLE"
        assert server.requests == 3

    async def test_a_mutation_never_is(self) -> None:
        server = Server("failing")
        async with subgraph(Traffic(retries=QUICKLY, extra_load=PLENTY), server) as transport:
            assert await code(transport.fetch(mutation())) == "SUBGRAPH_UNREACHABLE"
        assert server.requests == 1

    async def test_not_past_the_deadline(self) -> None:
        server = Server("failing")
        server.retry_after = "1000"
        traffic = Traffic(retries=QUICKLY, extra_load=PLENTY, timeout_seconds=100)
        async with subgraph(traffic, server) as transport:
            assert await code(transport.fetch(query())) == "SUBGRAPH_UNREACHABLE"
        assert server.requests == 1

    async def test_a_server_that_says_when_gets_it_then(self) -> None:
        server = Server("failing")
        server.retry_after = "0"
        async with subgraph(Traffic(retries=QUICKLY, extra_load=PLENTY), server) as transport:
            assert await code(transport.fetch(query())) == "SUBGRAPH_UNREACHABLE"
        assert server.requests == 3

    @pytest.mark.parametrize("behaviour", ["dropping", "failing"])
    async def test_all_in_all_a_failing_subgraph_gets_a_tenth_more(self, behaviour: Any) -> None:
        server = Server(behaviour)
        async with subgraph(Traffic(retries=QUICKLY, breaking=None), server) as transport:
            codes = [await code(transport.fetch(query(number))) for number in range(200)]
        assert set(codes) == {"SUBGRAPH_UNREACHABLE"}
        assert 200 < server.requests <= 220

    async def test_an_answer_with_errors_is_an_answer(self) -> None:
        server = Server()
        async with subgraph(Traffic(retries=QUICKLY, extra_load=PLENTY), server) as transport:
            assert await transport.fetch(query()) == ONE
        assert server.requests == 1


class TestBreaker:
    async def test_a_dead_subgraph_is_left_alone_and_fails_at_once(self) -> None:
        server = Server("dropping")
        async with subgraph(Traffic(retries=None), server) as transport:
            codes = [await code(transport.fetch(query(number))) for number in range(20)]
        assert codes == ["SUBGRAPH_UNREACHABLE"] * 5 + ["SUBGRAPH_UNAVAILABLE"] * 15
        assert server.requests == 5
        assert transport.health.counts.unavailable == 15

    async def test_a_hung_one_is_found_out_before_anything_times_out(self) -> None:
        server = Server("hung")
        async with subgraph(Traffic(breaking=EAGER, timeout_seconds=PATIENCE_SECONDS), server) as transport:
            waiting = [asyncio.create_task(code(transport.fetch(query(number)))) for number in range(3)]
            await until_it_is(transport, State.OPEN)
            assert not transport.health.available
            with pytest.raises(SubgraphUnavailable):
                await transport.fetch(mutation())
            assert not any(each.done() for each in waiting)
            for each in waiting:
                each.cancel()
        assert server.probes >= 1

    async def test_one_that_hangs_is_found_out_by_those_who_all_ask_the_same(self) -> None:
        server = Server("hung")
        async with subgraph(Traffic(breaking=EAGER, timeout_seconds=PATIENCE_SECONDS), server) as transport:
            waiting = [asyncio.create_task(code(transport.fetch(query()))) for _ in range(3)]
            await until_it_is(transport, State.OPEN)
            with pytest.raises(SubgraphUnavailable):
                await transport.fetch(query())
            assert not any(each.done() for each in waiting)
            for each in waiting:
                each.cancel()
        assert server.requests == 1

    async def test_it_opens_within_a_second_as_it_is_by_default(self) -> None:
        breaking, probing = Breaking(), Probing()
        looks = breaking.stall_seconds / 4
        assert breaking.stall_seconds + looks + probing.timeout_seconds <= 1

    async def test_a_slow_one_that_answers_probes_is_not_hung(self) -> None:
        server = Server()
        server.pause = 0.5
        breaking = Breaking(stall_seconds=0.04, stall_requests=1)
        async with subgraph(Traffic(breaking=breaking, probing=Probing(timeout_seconds=60)), server) as transport:
            assert await transport.fetch(query()) == ONE
        assert server.probes >= 1
        assert transport.health.replicas[0].opened == 0

    async def test_whoever_is_late_itself_blames_nobody(self) -> None:
        server = Server()
        breaking = Breaking(stall_seconds=60)
        probing = Probing(timeout_seconds=0.4, every_seconds=0.01)
        async with subgraph(Traffic(breaking=breaking, probing=probing), server) as transport:
            assert await transport.fetch(query()) == ONE
            for probes in range(1, 4):
                await server.until(probes=probes)
                time.sleep(0.5)  # noqa: ASYNC251  # what holds the event loop is the subject
            assert transport.health.replicas[0].opened == 0

    async def test_one_that_lives_again_is_tried_and_gets_everything(self) -> None:
        server = Server("dropping")
        async with subgraph(Traffic(retries=None, breaking=EAGER), server) as transport:
            for number in range(5):
                await code(transport.fetch(query(number)))
            assert transport.health.replicas[0].state is State.OPEN
            server.behaviour = "good"
            await until_it_is(transport, State.HALF_OPEN)
            assert [await transport.fetch(query(number)) for number in range(3)] == [ONE] * 3
            assert transport.health.replicas[0].state is State.CLOSED
            assert server.probes >= 1

    async def test_one_that_answers_probes_alone_is_left_alone_again(self) -> None:
        server = Server("dropping")
        async with subgraph(Traffic(retries=None, breaking=EAGER), server) as transport:
            for number in range(5):
                await code(transport.fetch(query(number)))
            server.behaviour = "good"
            await until_it_is(transport, State.HALF_OPEN)
            server.behaviour = "dropping"
            assert await code(transport.fetch(query())) == "SUBGRAPH_UNREACHABLE"
            assert transport.health.replicas[0].state is State.OPEN
            assert transport.health.replicas[0].opened == 2
            server.behaviour = "good"
            await until_it_is(transport, State.HALF_OPEN)

    async def test_whoever_leaves_early_says_nothing_about_it(self) -> None:
        server = Server("hung")
        async with subgraph(Traffic(retries=None), server) as transport:
            for number in range(20):
                fetching = asyncio.create_task(transport.fetch(query(number)))
                await server.until(requests=number + 1)
                fetching.cancel()
                await asyncio.gather(fetching, return_exceptions=True)
            assert transport.health.replicas[0].state is State.CLOSED
            assert transport.health.replicas[0].outstanding == 0

    async def test_requests_that_were_waited_for_in_vain_count(self) -> None:
        server = Server("hung")
        breaking = Breaking(patience_seconds=0.01, stall_requests=1_000)
        async with subgraph(Traffic(retries=None, breaking=breaking, timeout_seconds=0.02), server) as transport:
            codes = [await code(transport.fetch(query(number))) for number in range(7)]
        assert codes == ["SUBGRAPH_TIMEOUT"] * 5 + ["SUBGRAPH_UNAVAILABLE"] * 2
        assert transport.health.counts.late == 5

    async def test_what_a_query_crashes_is_not_the_subgraph(self) -> None:
        async def crashing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await take_request(reader)
                writer.write(reply(b"Traceback", b"HTTP/1.1 500 Internal Server Error"))
                await writer.drain()

        async with raw_server(crashing) as url:
            transport = ManagedTransport([url])
            codes = {await code(transport.fetch(query(number))) for number in range(30)}
            await transport.aclose()
        assert codes == {"SUBGRAPH_UNREACHABLE"}
        assert transport.health.replicas[0].opened == 0


class TestReplicas:
    async def test_each_gets_as_much(self) -> None:
        servers = [Server() for _ in range(3)]
        async with subgraph(Traffic(), *servers) as transport:
            for number in range(30):
                await transport.fetch(query(number))
        assert [server.requests for server in servers] == [10] * 3

    async def test_one_that_is_busy_gets_less(self) -> None:
        slow, quick = Server("hung"), Server()
        async with subgraph(Traffic(sharing=False), slow, quick) as transport:
            stuck = [asyncio.create_task(transport.fetch(query())) for _ in range(4)]
            await slow.until(requests=2)
            await asyncio.sleep(0)
            for number in range(10):
                await transport.fetch(query(number))
            for each in stuck:
                each.cancel()
        assert slow.requests <= 4

    async def test_one_that_is_dead_costs_nothing_but_a_second_attempt(self) -> None:
        dead, good = Server("dropping"), Server()
        async with subgraph(Traffic(retries=QUICKLY, extra_load=PLENTY), dead, good) as transport:
            answers = [await transport.fetch(query(number)) for number in range(30)]
        assert answers == [ONE] * 30
        assert dead.requests == 5
        assert transport.health.available

    async def test_one_that_died_while_nobody_asked_is_known_if_they_are_asked_regularly(self) -> None:
        dying, good = Server(), Server()
        probing = Probing(timeout_seconds=60, every_seconds=0.02)
        async with subgraph(Traffic(probing=probing), dying, good) as transport:
            await transport.fetch(query(1))
            await transport.fetch(query(2))
            dying.behaviour = "dropping"
            await until_it_is(transport, State.OPEN)
            asked = dying.requests
            assert [await transport.fetch(query(number)) for number in range(10)] == [ONE] * 10
        assert dying.requests == asked


class TestHedging:
    async def test_a_query_that_takes_long_is_sent_to_another_replica(self) -> None:
        hung, good = Server("hung"), Server()
        traffic = Traffic(hedging=Hedging(after_seconds=0.01), extra_load=PLENTY, timeout_seconds=PATIENCE_SECONDS)
        async with subgraph(traffic, hung, good) as transport:
            assert [await transport.fetch(query(number)) for number in range(4)] == [ONE] * 4
            assert hung.requests >= 1
            assert transport.health.counts.hedges_won >= 1

    async def test_to_the_same_one_if_there_is_no_other(self) -> None:
        server = Server("hung")
        traffic = Traffic(hedging=Hedging(after_seconds=0.02), extra_load=PLENTY, timeout_seconds=PATIENCE_SECONDS)
        async with subgraph(traffic, server) as transport:
            fetching = asyncio.create_task(transport.fetch(query()))
            await server.until(requests=1)
            server.behaviour = "good"
            assert await fetching == ONE

    async def test_a_mutation_never_is(self) -> None:
        server = Server()
        server.pause = 0.05
        async with subgraph(Traffic(hedging=Hedging(after_seconds=0.001), extra_load=PLENTY), server) as transport:
            assert await transport.fetch(mutation()) == ONE
        assert server.requests == 1

    async def test_the_first_answer_counts_even_if_it_is_the_first_one_asked_for(self) -> None:
        slow, hung = Server(), Server("hung")
        slow.pause = 0.1
        traffic = Traffic(hedging=Hedging(after_seconds=0.001), extra_load=PLENTY)
        async with subgraph(traffic, hung, slow) as transport:
            for number in range(2):  # replicas take turns: one of the two begins with the slow one
                assert await transport.fetch(query(number)) == ONE
                await asyncio.sleep(0.01)  # the one that was not waited for any more has ended
                assert [each.outstanding for each in transport.health.replicas] == [0, 0]
            assert transport.health.counts.hedges_won == 1

    async def test_it_is_within_the_budget(self) -> None:
        server = Server()
        server.pause = 0.01
        async with subgraph(Traffic(hedging=Hedging(after_seconds=0), retries=None), server) as transport:
            await asyncio.gather(*(transport.fetch(query(number)) for number in range(100)))
        assert server.requests <= 110

    async def test_how_long_is_long_is_learnt(self) -> None:
        server = Server()
        traffic = Traffic(hedging=Hedging(least_seconds=0), extra_load=PLENTY)
        async with subgraph(traffic, server) as transport:
            for number in range(30):
                await transport.fetch(query(number))
            server.pause = 1
            fetching = asyncio.create_task(transport.fetch(query(99)))
            await server.until(requests=server.requests + 2)
            assert await fetching == ONE

    async def test_where_both_fail_the_second_failure_is_told(self) -> None:
        server = Server("hung")
        traffic = Traffic(hedging=Hedging(after_seconds=0.02), extra_load=PLENTY, retries=None)
        async with subgraph(traffic, server) as transport:
            fetching = asyncio.create_task(transport.fetch(query(deadline=now() + 0.2)))
            await server.until(requests=1)
            server.behaviour = "dropping"
            with pytest.raises(SubgraphTimeout):
                await fetching
            server.behaviour = "failing"
            with pytest.raises(SubgraphUnreachable):
                await transport.fetch(query())


class TestConcurrency:
    async def test_no_more_requests_go_out_than_may(self) -> None:
        server = Server()
        server.pause = 0.005
        async with subgraph(Traffic(concurrency=Concurrency(requests=4)), server) as transport:
            await asyncio.gather(*(transport.fetch(query(number)) for number in range(40)))
        assert server.most == 4

    async def test_what_is_too_much_is_refused(self) -> None:
        server = Server("hung")
        traffic = Traffic(concurrency=Concurrency(requests=1, waiting=1), breaking=None)
        async with subgraph(traffic, server) as transport:
            waiting = [asyncio.create_task(code(transport.fetch(query(number)))) for number in range(2)]
            await server.until(requests=1)
            with pytest.raises(SubgraphOverloaded):
                await transport.fetch(query(3))
            for each in waiting:
                each.cancel()
        assert transport.health.counts.overloaded == 1

    async def test_who_waits_for_a_place_in_vain_is_told_so(self) -> None:
        server = Server("hung")
        async with subgraph(Traffic(concurrency=Concurrency(requests=1)), server) as transport:
            first = asyncio.create_task(code(transport.fetch(query())))
            await server.until(requests=1)
            with pytest.raises(SubgraphOverloaded):
                await transport.fetch(query(1, deadline=now() + 0.01))
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
        assert transport.health.waiting == 0

    async def test_a_tenant_that_floods_a_subgraph_leaves_another_its_turns(self) -> None:
        server = Server()
        server.pause = 0.001
        order: list[str] = []

        async def ask(tenant: str, number: int) -> None:
            await transport.fetch(query(number, tenant=tenant))
            order.append(tenant)

        async with subgraph(Traffic(concurrency=Concurrency(requests=2)), server) as transport:
            flood = [asyncio.create_task(ask("greedy", number)) for number in range(200)]
            await server.until(requests=1)
            before = len(order)
            await asyncio.gather(*(ask("modest", 1_000 + number) for number in range(10)))
            await asyncio.gather(*flood)
        last = max(place for place, tenant in enumerate(order) if tenant == "modest")
        assert last < before + 30

    async def test_nobody_waits_for_a_subgraph_that_is_left_alone(self) -> None:
        server = Server("hung")
        traffic = Traffic(concurrency=Concurrency(requests=2), breaking=EAGER, timeout_seconds=PATIENCE_SECONDS)
        async with subgraph(traffic, server) as transport:
            inside = [asyncio.create_task(code(transport.fetch(query(number)))) for number in range(2)]
            await server.until(requests=2)
            assert await code(transport.fetch(query(3))) == "SUBGRAPH_UNAVAILABLE"
            for each in inside:
                each.cancel()

    async def test_a_second_attempt_that_never_began_gives_its_place_back(self) -> None:
        server = Server()
        traffic = Traffic(hedging=Hedging(after_seconds=0), extra_load=PLENTY, concurrency=Concurrency(requests=2))
        async with subgraph(traffic, server) as transport:
            for number in range(60):
                assert await transport.fetch(query(number)) == ONE
            await asyncio.sleep(0.01)
            server.pause = 0.05
            server.most = 0
            await asyncio.gather(*(transport.fetch(query(number)) for number in range(100, 104)))
        assert server.most == 2
