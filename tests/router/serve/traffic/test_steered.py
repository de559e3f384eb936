"""Hooks see every request to a subgraph, may change its headers or stop it, and see what became of it."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest

from router.execute import InProcessTransport, SubgraphRequest, SubgraphResponse, Transport
from router.execute.terms import Terms
from router.execute.transport import InvalidHeader, SubgraphFailure, SubgraphUnreachable
from router.serve import RequestContext
from router.serve.traffic import CallHooks, CallOutcome, Insert, Propagate, SubgraphCall, TrafficError, steered


class Subgraph:
    """Answers everything, or fails; it takes note of what comes."""

    def __init__(self, failure: SubgraphFailure | None = None) -> None:
        self.seen: list[SubgraphRequest] = []
        self.failure = failure
        self.closed = False

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        self.seen.append(request)
        if self.failure is not None:
            raise self.failure
        return SubgraphResponse({"a": 1})

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        self.seen.append(request)
        for number in range(3):
            yield SubgraphResponse({"a": number})

    async def aclose(self) -> None:
        self.closed = True


REQUEST = SubgraphRequest("s", "{a}", {"v": 1}, headers={"x-a": "1", "x-b": "2"}, idempotent=True, shareable=True)


class TestSteering:
    def test_without_rules_and_hooks_nothing_is_in_between(self) -> None:
        transport: Transport = Subgraph()
        assert steered(transport) is transport
        assert steered(transport, (), CallHooks()) is transport

    def test_a_rule_that_is_none_is_refused(self) -> None:
        with pytest.raises(TrafficError):
            steered(Subgraph(), (Propagate(),))

    async def test_rules_change_headers_and_nothing_else(self) -> None:
        subgraph = Subgraph()
        assert await steered(subgraph, (Propagate("x-a"), Insert("x-i", "3"))).fetch(REQUEST) == SubgraphResponse(
            {"a": 1}
        )
        (request,) = subgraph.seen
        assert request.headers == {"x-a": "1", "x-i": "3"}
        assert request == replace(REQUEST, headers=request.headers)

    async def test_they_hold_in_process_as_well(self) -> None:
        seen: list[object] = []

        async def execute(query: str, variables: object, name: object, headers: object) -> dict[str, object]:
            seen.append(headers)
            return {"data": {"a": 1}}

        await steered(InProcessTransport(execute), (Insert("x-i", "1"),)).fetch(SubgraphRequest("s", "{a}"))
        assert seen == [{"x-i": "1"}]

    async def test_and_for_subscriptions(self) -> None:
        subgraph = Subgraph()
        hooked: list[str] = []

        async def hook(call: SubgraphCall) -> None:
            hooked.append(call.query)

        transport = steered(subgraph, (Insert("x-i", "1"),), CallHooks(before=(hook,)))
        async with aclosing(transport.subscribe(SubgraphRequest("s", "subscription {a}"))) as events:
            assert [event.data async for event in events] == [{"a": number} for number in range(3)]
        assert subgraph.seen[0].headers == {"x-i": "1"}
        assert hooked == ["subscription {a}"]

    async def test_closing_it_closes_what_is_inside(self) -> None:
        subgraph = Subgraph()
        await steered(subgraph, (Insert("x-i", "1"),)).aclose()
        assert subgraph.closed


class TestHooks:
    async def test_a_hook_may_insert_what_belongs_to_the_client(self) -> None:
        async def sign(call: SubgraphCall) -> None:
            assert isinstance(call.terms.origin, RequestContext)
            call.headers["x-user"] = f"{call.terms.origin.principal} for {call.subgraph}"

        subgraph = Subgraph()
        terms = Terms(origin=RequestContext(principal="ada"))
        await steered(subgraph, hooks=CallHooks(before=(sign,))).fetch(SubgraphRequest("s", "{a}", terms=terms))
        assert subgraph.seen[0].headers == {"x-user": "ada for s"}

    async def test_hooks_see_what_became_of_a_request(self) -> None:
        outcomes: list[CallOutcome] = []

        async def look(call: SubgraphCall, outcome: CallOutcome) -> None:
            outcomes.append(outcome)

        hooks = CallHooks(after=(look,))
        await steered(Subgraph(), hooks=hooks).fetch(REQUEST)
        failure = SubgraphUnreachable("x")
        with pytest.raises(SubgraphUnreachable):
            await steered(Subgraph(failure), hooks=hooks).fetch(REQUEST)
        good, bad = outcomes
        assert (good.response, good.failure) == (SubgraphResponse({"a": 1}), None)
        assert (bad.response, bad.failure) == (None, failure)
        assert good.seconds >= 0

    async def test_a_hook_may_refuse_a_request(self) -> None:
        async def refuse(call: SubgraphCall) -> None:
            raise InvalidHeader("No.")

        subgraph = Subgraph()
        with pytest.raises(InvalidHeader):
            await steered(subgraph, hooks=CallHooks(before=(refuse,))).fetch(REQUEST)
        assert subgraph.seen == []

    async def test_a_hook_that_fails_before_a_request_stops_it(self, caplog: pytest.LogCaptureFixture) -> None:
        async def crash(call: SubgraphCall) -> None:
            raise ZeroDivisionError("secret")

        with caplog.at_level(logging.ERROR), pytest.raises(SubgraphFailure) as caught:
            await steered(Subgraph(), hooks=CallHooks(before=(crash,))).fetch(REQUEST)
        assert caught.value.code == "INTERNAL_SERVER_ERROR"
        assert "secret" not in str(caught.value)
        assert "secret" in caplog.text

    async def test_a_hook_that_fails_after_a_request_leaves_the_answer_and_the_next_one(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        outcomes: list[CallOutcome] = []

        async def crash(call: SubgraphCall, outcome: CallOutcome) -> None:
            raise ZeroDivisionError

        async def look(call: SubgraphCall, outcome: CallOutcome) -> None:
            outcomes.append(outcome)

        with caplog.at_level(logging.ERROR):
            response = await steered(Subgraph(), hooks=CallHooks(after=(crash, look))).fetch(REQUEST)
        assert response == SubgraphResponse({"a": 1})
        assert len(outcomes) == 1
        assert "ZeroDivisionError" in caplog.text
