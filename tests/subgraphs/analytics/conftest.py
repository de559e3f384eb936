"""The analytics subgraph, running, and things that happen in courses."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeAlias

import msgspec
import pytest

from shared.caller import TenantId, service_caller
from shared.database import Sessions, unit_of_work
from shared.graphql.app import SubgraphApp
from shared.ids import uuid7
from shared.tokens import TokenVerifier
from subgraphs.analytics.app import create
from subgraphs.analytics.consumers import HANDLERS
from subgraphs.analytics.settings import AnalyticsSettings
from tests.subgraphs.conftest import Ask, SignIn, asking, opened, started
from tests.tenants import Control

Happen: TypeAlias = Callable[..., Awaitable[None]]


@pytest.fixture
async def analytics(control: Control, verifier: TokenVerifier) -> AsyncGenerator[SubgraphApp]:
    """The subgraph, started."""
    settings = AnalyticsSettings(database_url=control.login_url("analytics"))
    async with started(create(settings, verifier=verifier)) as subgraph:
        yield subgraph


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions of the subgraph's login role."""
    async with opened(control, "analytics") as sessions:
        yield sessions


@pytest.fixture
def ask(analytics: SubgraphApp, signed_in: SignIn) -> Ask:
    """Ask the subgraph, as the caller `by` or as nobody."""
    return asking(analytics, signed_in)


@pytest.fixture
def happen(sessions: Sessions) -> Happen:
    """Handle an event of a tenant as the consumer does, as often as it comes."""

    async def handle(tenant_id: TenantId, topic: str, *, times: int = 1, **fields: Any) -> None:
        event = {"event_id": uuid7(), "tenant_id": tenant_id, "occurred_at": "2026-11-01T12:00:00Z", **fields}
        handler = HANDLERS[topic]
        payload = msgspec.json.decode(msgspec.json.encode(event), type=handler.payload)
        for _ in range(times):
            async with unit_of_work(sessions, service_caller(tenant_id, "analytics")) as session:
                await handler.handle(session, payload)

    return handle
