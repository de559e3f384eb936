"""Sessions of one subgraph's process; the table of idempotency keys stands for any table of a tenant."""

from collections.abc import AsyncGenerator

import pytest

from shared.database import Sessions
from tests.tenants import Control


@pytest.fixture
async def sessions(control: Control) -> AsyncGenerator[Sessions]:
    """Sessions over one connection, so that every transaction comes after another one on it."""
    opened = Sessions.create(control.login_url("users"), subgraph="users", pool_size=1)
    yield opened
    await opened.aclose()
