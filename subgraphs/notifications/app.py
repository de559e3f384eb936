"""Composition root of the notifications subgraph."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from shared.database import Sessions
from shared.events import Hub
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier
from shared.graphql.service import GraphQLService
from subgraphs.notifications.context import Context
from subgraphs.notifications.schema import build_schema
from subgraphs.notifications.settings import NotificationsSettings


def create(settings: NotificationsSettings, *, verifier: TokenVerifier, hub: Hub) -> SubgraphApp:
    """The notifications subgraph; nothing is opened before it is started.

    Args:
        settings: its database.
        verifier: verifies callers' tokens, also while a subscription lasts.
        hub: wakes subscriptions; started and stopped by whoever made it.
    """
    sessions = Sessions.create(
        settings.database_url, subgraph="notifications", pool_size=settings.pool_size, servers=settings.database_servers
    )

    async def context(headers: Mapping[str, str]) -> Context:
        token = await verifier.presented(headers)

        async def recheck() -> None:
            if token is not None:
                await verifier.caller(token)

        caller = None if token is None else await verifier.caller(token)
        return Context(caller, sessions, hub, recheck)

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield
        await sessions.aclose()

    service = GraphQLService(build_schema(), context=context)
    return SubgraphApp("notifications", service, lifespan=lifespan, ready=sessions.ping)
