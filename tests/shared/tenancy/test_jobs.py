"""What is ordered for a tenant, as the worker sees it and writes it down: beside the orders for all others."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.ids import uuid7
from shared.tenancy.export_jobs import finish
from shared.tenancy.jobs import JobKind, JobState, jobs, latest_of, put_down
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.orders import Orders
from shared.tenancy.registry import tenants
from tests.registry import restored
from tests.tenants import Control, Tenant


@pytest.fixture
async def engine(control: Control) -> AsyncGenerator[AsyncEngine]:
    """The control database's, as its administrator."""
    async with control.admin() as admin:
        yield admin.engine(CONTROL_DATABASE)


@pytest.fixture(autouse=True)
async def _restored(control: Control, tenant: Tenant, other_tenant: Tenant) -> AsyncGenerator[None]:
    """The tenants are other tests' afterwards."""
    async with restored(control, tenant, other_tenant):
        yield


async def order(engine: AsyncEngine, one: Tenant, kind: JobKind) -> UUID:
    """Have something waiting."""
    id_ = uuid7()
    async with engine.begin() as connection:
        row = {"id": id_, "tenant_id": one.id, "kind": kind, "state": JobState.WAITING}
        await connection.execute(sa.insert(jobs).values(row))
    return id_


async def test_an_archive_takes_the_place_of_its_own_tenants_earlier_one_alone(
    engine: AsyncEngine, tenant: Tenant, other_tenant: Tenant
) -> None:
    made: list[UUID] = []
    for number, one in enumerate((tenant, other_tenant, tenant)):
        made.append(await order(engine, one, JobKind.EXPORT))
        async with engine.connect() as connection:
            await finish(connection, made[-1], JobState.DONE, {"pieces": number})
    async with engine.connect() as connection:
        kept = await connection.execute(sa.select(jobs.c.id, jobs.c.outcome).where(jobs.c.id.in_(made)))
        told = {row.id: row.outcome for row in kept}
    assert [told[id_] for id_ in made] == [{}, {"pieces": 1}, {"pieces": 2}]


async def test_the_order_that_counts_is_the_tenants_own(
    engine: AsyncEngine, tenant: Tenant, other_tenant: Tenant
) -> None:
    async with engine.begin() as connection:
        await put_down(connection, tenant.id, JobKind.SUSPEND)
        await put_down(connection, other_tenant.id, JobKind.RESUME)
        latest = await latest_of(connection, tenant.id)
    assert latest is not None
    assert latest.kind is JobKind.SUSPEND


async def test_an_order_waits_for_whoever_has_its_tenant_at_this_moment_and_others_do_not(
    engine: AsyncEngine, tenant: Tenant, other_tenant: Tenant
) -> None:
    orders = {await order(engine, one, JobKind.SUSPEND): one for one in (tenant, other_tenant)}

    async def waiting() -> list[Tenant]:
        chosen = sa.select(jobs.c.id).where(jobs.c.id.in_(orders), jobs.c.state == JobState.WAITING)
        async with engine.connect() as connection:
            return [orders[id_] for id_ in await connection.scalars(chosen)]

    async with engine.begin() as deleting:
        await deleting.execute(sa.select(tenants.c.id).where(tenants.c.id == tenant.id).with_for_update())
        await Orders(engine).sweep()
        assert await waiting() == [tenant]
    await Orders(engine).sweep()
    assert await waiting() == []
