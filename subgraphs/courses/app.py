"""Composition root of the courses subgraph."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.database import Sessions
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier, contexts
from shared.graphql.service import GraphQLService
from shared.permissions.policies import policies
from subgraphs.courses.context import Context
from subgraphs.courses.schema import build_schema
from subgraphs.courses.settings import CoursesSettings


def create(settings: CoursesSettings, *, verifier: TokenVerifier) -> SubgraphApp:
    """The courses subgraph; nothing is opened before it is started.

    Args:
        settings: its database.
        verifier: verifies callers' tokens.

    Raises:
        PoliciesInvalid: the policies that decide who may do what cannot be used.
    """
    policies()
    sessions = Sessions.create(
        settings.database_url, subgraph="courses", pool_size=settings.pool_size, servers=settings.database_servers
    )

    @asynccontextmanager
    async def lifespan() -> AsyncGenerator[None]:
        yield
        await sessions.aclose()

    service = GraphQLService(build_schema(), context=contexts(verifier, lambda caller: Context(caller, sessions)))
    return SubgraphApp("courses", service, lifespan=lifespan, ready=sessions.ping)
