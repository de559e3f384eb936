"""What the worker writes down about archives."""

from collections.abc import AsyncGenerator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.ids import uuid7
from shared.tenancy.export_jobs import finish
from shared.tenancy.jobs import JobKind, JobState, jobs
from shared.tenancy.names import CONTROL_DATABASE
from tests.tenants import Control, Tenant


@pytest.fixture
async def changing(control: Control) -> AsyncGenerator[AsyncConnection]:
    """The administrator's connection to the control database; nothing of what is done stays."""
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).connect() as connection:
        yield connection
        await connection.rollback()


async def test_an_archive_takes_the_place_of_its_own_tenants_earlier_one_alone(
    changing: AsyncConnection, tenant: Tenant, other_tenant: Tenant
) -> None:
    made = {uuid7(): (one, {"pieces": number}) for number, one in enumerate((tenant, other_tenant, tenant))}
    for id_, (one, outcome) in made.items():
        row = {"id": id_, "tenant_id": one.id, "kind": JobKind.EXPORT, "state": JobState.DONE}
        await changing.execute(sa.insert(jobs).values(**row))
        await finish(changing, id_, JobState.DONE, outcome)
    kept = sa.select(jobs.c.id, jobs.c.outcome).where(jobs.c.id.in_(made))
    told = {row.id: row.outcome for row in await changing.execute(kept)}
    assert [told[id_] for id_ in made] == [{}, {"pieces": 1}, {"pieces": 2}]
