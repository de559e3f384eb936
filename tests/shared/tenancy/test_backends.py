"""A server process that has served many tenants makes room for another, so that its memory has a bound."""

import pytest
import sqlalchemy as sa

from shared import engines
from shared.database import Sessions
from tests.subgraphs.conftest import opened
from tests.tenants import Control, Tenant


async def served_by(sessions: Sessions, tenant: Tenant) -> int | None:
    """The number of the server process that serves a tenant."""
    async with sessions.read(tenant.caller()) as session:
        return await session.scalar(sa.select(sa.func.pg_backend_pid()))


async def test_a_connection_ends_after_so_many_tenants(
    control: Control, tenant: Tenant, other_tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_MOST_SERVED", 2)
    async with opened(control, "auth", pool_size=1) as sessions:
        first = [await served_by(sessions, one) for one in (tenant, tenant, other_tenant)]
        assert len(set(first)) == 1
        assert await served_by(sessions, tenant) not in first
