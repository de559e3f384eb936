"""A client of the router that reconnects goes on after the last notification that it has seen."""

import asyncio

import pytest
from starlette.applications import Starlette

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.serve import Engine, Hooks, create_app, forwarding
from shared.graphql.app import SubgraphApp
from tests.patience import PATIENCE_SECONDS
from tests.router.serve.streams.asgi import requested
from tests.subgraphs.conftest import SignIn
from tests.subgraphs.notifications.conftest import Tell, cursor_at
from tests.tenants import Tenant

FOLLOW = {"query": "subscription { notificationReceived { title } }"}


@pytest.fixture
def graph(notifications: SubgraphApp) -> Starlette:
    """The router over the subgraph alone."""
    composed = compose([Subgraph("notifications", "http://notifications", notifications.sdl)])
    assert isinstance(composed, Composed)
    service = notifications.service
    transport = InProcessTransport(service.execute, service.subscribe)
    engine = Engine.from_sdl(composed.supergraph_sdl, {"notifications": transport})
    return create_app(engine, hooks=Hooks(forwarding("authorization")))


async def test_over_server_sent_events(graph: Starlette, tell: Tell, tenant: Tenant, signed_in: SignIn) -> None:
    ada = tenant.caller()
    await tell(ada, "a", "b", "c")
    headers = {name.lower(): value for name, value in signed_in(ada).items()}
    seen: list[bytes] = []
    last = cursor_at(ada, 0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for _ in range(3):
            async with requested(
                graph, body=FOLLOW, accept="text/event-stream", last_event_id=last, **headers
            ) as answer:
                await answer.chunk()
                name, id_, data, *_ = (await answer.chunk()).split(b"\n")
                assert name == b"event: next"
                last = id_.removeprefix(b"id: ").decode()
                seen.append(data.split(b'"title":')[1][:3])
    assert seen == [b'"a"', b'"b"', b'"c"']
    assert last == cursor_at(ada, 3)


async def test_history_that_is_gone_is_told(graph: Starlette, tell: Tell, tenant: Tenant, signed_in: SignIn) -> None:
    ada = tenant.caller()
    await tell(ada, "a")
    headers = {name.lower(): value for name, value in signed_in(ada).items()}
    async with requested(
        graph, body={**FOLLOW, "extensions": {"cursor": cursor_at(ada, 7)}}, accept="text/event-stream", **headers
    ) as answer:
        assert b'"code":"HISTORY_GONE"' in await answer.rest()
