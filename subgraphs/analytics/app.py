"""Composition root of the analytics subgraph."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.database import Sessions
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier, contexts
from shared.graphql.service import GraphQLService
from subgraphs.analytics.context import Context
from subgraphs.analytics.schema import build_schema
from subgraphs.analytics.settings import AnalyticsSettings


def create(settings: AnalyticsSettings, *, verifier: TokenVerifier) -> SubgraphApp:
    """The analytics subgraph; nothing is opened before it is started.

    Args:
        settings: its database.
        verifier: verifies callers' tokens.
    """
    sessions = Sessions.create(
        settings.database_url, subgraph="analytics", pool_size=settings.pool_size, servers=settings.database_servers
    )

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield
        await sessions.aclose()

    context = contexts(verifier, lambda caller: Context(caller, sessions))
    service = GraphQLService(build_schema(), context=context)
    return SubgraphApp("analytics", service, lifespan=lifespan, ready=sessions.ping)
