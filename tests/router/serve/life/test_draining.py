"""A process that is to end says so, and lets go of its clients so that they come back."""

import asyncio
from pathlib import Path

import httpx2
import pytest

from router.serve import create_app
from router.serve.life.draining import ClosingApp, Draining
from router.serve.life.settings import Life
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.library import LibrarySubgraph, library_engine
from tests.router.serve.life.graphs import SDL, describe, readiness, routing

EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed;subscriptionSpec=1.0, application/json"


async def ended(accept: str) -> str:
    """What a client of a silent subscription is sent, whose router drains as soon as it runs."""
    draining, subgraph = Draining(), LibrarySubgraph()
    app = create_app(library_engine(subgraph), draining=draining)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        body = {"query": "subscription { silence }"}
        answer = asyncio.ensure_future(client.post("/graphql", json=body, headers={"accept": accept}))
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not subgraph.library.streams:  # noqa: ASYNC110  # nobody tells of it
                await asyncio.sleep(0)
            draining.begin()
            draining.end_streams()
            return (await answer).text


async def test_event_streams_end_without_the_operation_so_that_clients_come_back() -> None:
    text = await ended(EVENT_STREAM)
    assert "retry: " in text
    assert "complete" not in text


async def test_multipart_subscriptions_end_with_an_error_that_says_why() -> None:
    text = await ended(MULTIPART)
    assert '"code":"SERVER_DRAINING"' in text
    assert text.endswith("--graphql--\r\n")


async def test_readiness_fails_at_once_and_connections_close(tmp_path: Path) -> None:
    path = describe(tmp_path / "subgraphs.json", SDL)
    async with routing(path) as router:
        assert (await readiness(router))["status"] == "not ready", "nobody answers for the subgraph"
        router.draining.begin()
        assert (await readiness(router))["status"] == "draining"
        transport = httpx2.ASGITransport(ClosingApp(router.app, router.draining))
        async with httpx2.AsyncClient(transport=transport, base_url="http://router") as client:
            answer = await client.get("/health")
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")


def test_what_begins_after_the_end_ends_at_once() -> None:
    draining, ends = Draining(), list[int]()
    with draining.watching(lambda: ends.append(1)):
        assert not ends
    draining.end_streams()
    with draining.watching(lambda: ends.append(2)):
        assert ends == [2]


def test_a_life_without_workers_or_time_is_none() -> None:
    with pytest.raises(ValueError, match="workers"):
        Life(workers=0)
    with pytest.raises(ValueError, match="grace"):
        Life(notice_seconds=2, grace_seconds=1)
