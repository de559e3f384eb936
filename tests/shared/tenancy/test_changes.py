"""A tenant's record changes, and everybody who keeps something of it is told."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
import sqlalchemy as sa
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.errors import TenantNotFound
from shared.events import streams
from shared.events.connection import connect
from shared.tenancy.changes import Announcements, Change, TenantChanged, TenantNotOpen, change_tenant
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.policies import Policies, SignInPolicy, WayIn
from shared.tenancy.registry import Registry, TenantRecord, TenantStatus, tenants
from tests.patience import PATIENCE_SECONDS
from tests.tenants import Control, Tenant


@pytest.fixture
async def redis(control: Control) -> AsyncGenerator[Redis]:
    """A server whose stream of the auth subgraph's events is empty."""
    client = connect(control.servers.redis)
    await cast("Any", client).delete(streams.stream_of("auth"))
    yield client
    await client.aclose()


@pytest.fixture
async def announcements(control: Control, redis: Redis) -> AsyncGenerator[Announcements]:
    """The worker's part, with nothing of earlier tests to tell."""
    async with control.admin() as admin:
        engine = admin.engine(CONTROL_DATABASE)
        async with engine.begin() as connection:
            await connection.execute(sa.update(tenants).values(untold=False))
        yield Announcements(engine, redis)


@asynccontextmanager
async def unchanged_after(announcements: Announcements, tenant: Tenant) -> AsyncGenerator[None]:
    """The tenant is another test's afterwards."""
    try:
        yield
    finally:
        async with announcements.engine.begin() as connection:
            as_before: dict[str, Any] = {
                "status": TenantStatus.ACTIVE,
                "features": [],
                "region": None,
                "untold": False,
                "policies": {},
            }
            await connection.execute(sa.update(tenants).where(tenants.c.id == tenant.id).values(as_before))


async def changed(announcements: Announcements, tenant: Tenant, change: Change) -> TenantRecord:
    async with announcements.engine.begin() as connection:
        return await change_tenant(connection, tenant.slug, change)


async def told(redis: Redis, tenant: Tenant) -> list[str]:
    """The status of each event about the tenant."""
    entries = await streams.since(redis, streams.stream_of("auth"), b"0", count=1_000, block=1)
    events = [each.event for each in entries if each.event and each.event.topic == TenantChanged.topic]
    return [msgspec.json.decode(each.payload)["status"] for each in events if each.tenant_id == tenant.id]


@pytest.mark.xdist_group("auth-stream")
class TestChanges:
    async def test_what_is_changed_is_read_and_told(
        self, control: Control, announcements: Announcements, redis: Redis, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        registry = Registry.create(control.login_url("auth"))
        async with unchanged_after(announcements, tenant):
            wanted = Change(TenantStatus.SUSPENDED, features_on=("insights", "labs"), region="eu")
            written = await changed(announcements, tenant, wanted)
            assert await registry.by_id(tenant.id) == written
            active = {each.id for each in await registry.active()}
            assert (tenant.id in active, other_tenant.id in active) == (False, True)
            assert tenant.id in {each.id for each in await registry.open()}
            assert (written.status, written.features, written.region) == ("SUSPENDED", ("insights", "labs"), "eu")
            await announcements.sweep()
            assert await told(redis, tenant) == ["SUSPENDED"]
            await changed(announcements, tenant, Change(TenantStatus.ACTIVE, features_off=("labs",), region=""))
            read = await registry.by_id(tenant.id)
            assert read is not None
            assert (read.status, read.features, read.region) == ("ACTIVE", ("insights",), None)
            shut = Policies(sign_in=SignInPolicy(ways=(WayIn.SAML,), open_sign_up=False))
            shutting = sa.update(tenants).where(tenants.c.id == tenant.id).values(policies=msgspec.to_builtins(shut))
            async with announcements.engine.begin() as connection:
                await connection.execute(shutting)
            opened = await changed(announcements, tenant, Change(opens_sign_in=True))
            invited = Policies(sign_in=SignInPolicy(open_sign_up=False))
            assert (opened.policies, opened.version) == (invited, read.version + 1)
        await registry.aclose()

    async def test_it_is_told_once_and_never_before_it_is_so(
        self, announcements: Announcements, redis: Redis, tenant: Tenant
    ) -> None:
        async with unchanged_after(announcements, tenant):
            async with announcements.engine.begin() as connection:
                await change_tenant(connection, tenant.slug, Change(TenantStatus.SUSPENDED))
                await announcements.sweep()
                assert await told(redis, tenant) == []
            await announcements.sweep()
            await announcements.sweep()
            assert await told(redis, tenant) == ["SUSPENDED"]

    async def test_where_redis_is_away_it_is_told_later(
        self, announcements: Announcements, redis: Redis, tenant: Tenant
    ) -> None:
        async with unchanged_after(announcements, tenant):
            await changed(announcements, tenant, Change(TenantStatus.SUSPENDED))
            elsewhere = connect("redis://127.0.0.1:1/0")
            with pytest.raises(RedisConnectionError):
                await Announcements(announcements.engine, elsewhere).sweep()
            await elsewhere.aclose()
            await announcements.sweep()
            assert await told(redis, tenant) == ["SUSPENDED"]

    async def test_the_worker_is_woken(self, announcements: Announcements, redis: Redis, tenant: Tenant) -> None:
        running = asyncio.create_task(announcements.run())
        async with unchanged_after(announcements, tenant), asyncio.timeout(PATIENCE_SECONDS):
            await changed(announcements, tenant, Change(TenantStatus.SUSPENDED))
            while not await told(redis, tenant):  # noqa: ASYNC110 - what is waited for is on a server
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait({running})

    async def test_a_tenant_that_is_not_there_or_not_open_is_refused(
        self, announcements: Announcements, tenant: Tenant
    ) -> None:
        async with announcements.engine.connect() as connection:
            with pytest.raises(TenantNotFound):
                await change_tenant(connection, "no-such-tenant", Change())
            making = sa.update(tenants).where(tenants.c.id == tenant.id).values(status=TenantStatus.PROVISIONING)
            await connection.execute(making)
            with pytest.raises(TenantNotOpen):
                await change_tenant(connection, tenant.slug, Change(TenantStatus.ACTIVE))
            await connection.rollback()
