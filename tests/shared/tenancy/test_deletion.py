"""A tenant that is to be deleted is, once its time has come: everything of it, and nothing of the others."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import TenantId
from shared.data_keys.store import DataKeyStore
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from shared.tenancy.changes import Change, change_tenant
from shared.tenancy.deletion import Deletions, drop_tenant
from shared.tenancy.names import CONTROL_DATABASE, database_name, tenant_schema
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin
from studium.data_keys import shredding
from tests.tenants import Control, Tenant

SOON, LATER = timedelta(days=-1), timedelta(days=1)


@pytest.fixture
async def admin(control: Control) -> AsyncGenerator[Admin]:
    """The administrator's connections."""
    async with control.admin() as opened:
        yield opened


async def made(control: Control, admin: Admin) -> Tenant:
    """A tenant that no other test will have."""
    tenant_id = TenantId(uuid7())
    tenant = Tenant(tenant_id, f"gone-{tenant_id.hex[-12:]}")
    await Provisioner(admin, control.migrations).provision(tenant_id)
    row = {"id": tenant_id, "slug": tenant.slug, "name": "Gone", "plan": "free", "status": TenantStatus.ACTIVE}
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.insert(tenants).values(row))
    return tenant


async def ordered(admin: Admin, tenant: Tenant, within: timedelta) -> None:
    """Somebody orders that the tenant be deleted."""
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        record = await change_tenant(connection, tenant.slug, Change(delete_after=datetime.now(UTC) + within))
    assert record.status is TenantStatus.SUSPENDED


async def left(control: Control, admin: Admin, tenant: Tenant) -> list[str]:
    """What there still is of a tenant: schemas, roles, its record."""
    found: list[str] = []
    for one in control.migrations:
        async with admin.engine(database_name(one.subgraph)).connect() as connection:
            looked_for: Any = {"schema": tenant_schema(tenant.id)}
            there = sa.text("SELECT nspname FROM pg_namespace WHERE nspname = :schema")
            found += (await connection.execute(there, looked_for)).scalars()
    roles = sa.text("SELECT rolname FROM pg_roles WHERE rolname LIKE :role")
    async with admin.engine(CONTROL_DATABASE).connect() as connection:
        found += (await connection.execute(roles, {"role": f"t_{tenant.id.hex}%"})).scalars()
        found += (await connection.execute(sa.select(tenants.c.slug).where(tenants.c.id == tenant.id))).scalars()
    return found


class TestDeletion:
    async def test_everything_goes_and_nothing_of_others(
        self, control: Control, admin: Admin, other_tenant: Tenant
    ) -> None:
        tenant, steps = await made(control, admin), list[TenantId]()

        async def step(tenant_id: TenantId) -> None:
            steps.append(tenant_id)

        before = await left(control, admin, other_tenant)
        await ordered(admin, tenant, SOON)
        assert await Deletions(admin, control.migrations, also=[step]).sweep() == 1
        assert await left(control, admin, tenant) == []
        assert steps == [tenant.id]
        assert await left(control, admin, other_tenant) == before

    async def test_keys_are_destroyed_before_anything_else_goes(self, control: Control, admin: Admin) -> None:
        tenant = await made(control, admin)
        auth = Sessions.create(control.login_url("auth"), subgraph="auth", pool_size=1)
        shred, kept = shredding({"auth": auth}), list[str | None]()

        async def look(_: TenantId) -> None:
            async with auth.read(tenant.caller()) as session:
                kept.extend((await DataKeyStore(session).wrapped()).values())

        try:
            async with unit_of_work(auth, tenant.caller()) as session:
                await DataKeyStore(session).add(1, "wrapped")
            await ordered(admin, tenant, SOON)
            assert await Deletions(admin, control.migrations, also=[shred, look]).sweep() == 1
            await shred(tenant.id)  # as by a worker that comes after one that was killed at the very end
        finally:
            await auth.aclose()
        assert kept == [None]

    async def test_it_can_be_taken_back_in_time(self, control: Control, admin: Admin) -> None:
        tenant = await made(control, admin)
        await ordered(admin, tenant, LATER)
        deletions = Deletions(admin, control.migrations)
        assert await deletions.sweep() == 0
        async with admin.engine(CONTROL_DATABASE).begin() as connection:
            record = await change_tenant(connection, tenant.slug, Change(TenantStatus.ACTIVE))
        assert record.delete_after is None
        assert await deletions.sweep(now=datetime.now(UTC) + 2 * LATER) == 0
        assert tenant.slug in await left(control, admin, tenant)

    async def test_what_failed_half_way_is_finished_the_next_time(self, control: Control, admin: Admin) -> None:
        tenant = await made(control, admin)
        await ordered(admin, tenant, SOON)

        async def fail(_: TenantId) -> None:
            raise ConnectionError

        assert await Deletions(admin, control.migrations, also=[fail]).sweep() == 0
        assert tenant.slug in await left(control, admin, tenant)
        await drop_tenant(admin, tenant.id, "auth")  # as a worker that is killed then leaves it
        assert await Deletions(admin, control.migrations).sweep() == 1
        assert await left(control, admin, tenant) == []
