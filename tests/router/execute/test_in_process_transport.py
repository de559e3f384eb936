"""Subgraphs in the router's own process fail as remote ones do."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from router.execute import InProcessTransport, SubgraphRequest, SubgraphResponse
from router.execute.transport import MalformedResponse, SubgraphTimeout, SubgraphUnreachable

REQUEST = SubgraphRequest("s", "query A{a}", {"v": {"w": 1}}, "A", {"authorization": "x"})


async def hello(*arguments: Any) -> Mapping[str, Any]:
    return {"data": {"arguments": arguments}}


class TestFetch:
    async def test_everything_is_handed_over_as_it_is(self) -> None:
        response = await InProcessTransport(hello).fetch(REQUEST)
        assert response.data == {"arguments": ("query A{a}", REQUEST.variables, "A", REQUEST.headers)}

    async def test_a_slow_subgraph_times_out_and_is_cancelled(self) -> None:
        cancelled = False

        async def slow(*_: Any) -> Mapping[str, Any]:
            nonlocal cancelled
            try:
                await asyncio.sleep(5)
            except asyncio.CancelledError:
                cancelled = True
                raise
            return {}

        with pytest.raises(SubgraphTimeout):
            await InProcessTransport(slow, timeout=0.01).fetch(REQUEST)
        assert cancelled

    async def test_a_crash_goes_to_the_log_and_not_to_the_client(self, caplog: pytest.LogCaptureFixture) -> None:
        async def crash(*_: Any) -> Mapping[str, Any]:
            raise ZeroDivisionError("secret")

        with pytest.raises(SubgraphUnreachable) as failure:
            await InProcessTransport(crash).fetch(REQUEST)
        assert "secret" not in str(failure.value)
        assert "secret" in caplog.text

    async def test_a_response_of_another_shape_is_malformed(self) -> None:
        async def other(*_: Any) -> Mapping[str, Any]:
            return {"data": 1}

        with pytest.raises(MalformedResponse):
            await InProcessTransport(other).fetch(REQUEST)


class TestSubscribe:
    async def test_every_event_is_a_response(self) -> None:
        async def count(*_: Any) -> AsyncGenerator[Mapping[str, Any]]:
            for number in range(2):
                yield {"data": {"n": number}}

        transport = InProcessTransport(hello, count)
        events = [event async for event in transport.subscribe(REQUEST)]
        assert events == [SubgraphResponse({"n": 0}), SubgraphResponse({"n": 1})]

    async def test_a_subgraph_without_subscriptions_is_unreachable_for_them(self) -> None:
        with pytest.raises(SubgraphUnreachable, match="no subscriptions"):
            await anext(InProcessTransport(hello).subscribe(REQUEST))
