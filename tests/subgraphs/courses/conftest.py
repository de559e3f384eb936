"""A campus on a real database."""

from collections.abc import AsyncGenerator

import pytest

from shared.database import Sessions
from tests.factories.courses import Campus
from tests.tenants import Control, Tenant


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """The sessions of the courses subgraph."""
    sessions = Sessions.create(control.login_url("courses"), subgraph="courses")
    yield sessions
    await sessions.aclose()


@pytest.fixture
def campus(tenant: Tenant, sessions: Sessions) -> Campus:
    """A tenant without courses."""
    return Campus(tenant, sessions)


@pytest.fixture
def rival(other_tenant: Tenant, sessions: Sessions) -> Campus:
    """Another tenant without courses."""
    return Campus(other_tenant, sessions)
