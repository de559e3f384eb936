"""Tenants are made everywhere at once, again and again without harm, and migrated each on its own."""

import asyncio
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.caller import TenantId
from shared.ids import uuid7
from shared.tenancy.migrate import MigrationFailed, SubgraphMigrations, migrate_all, migrate_tenant, outdated
from shared.tenancy.names import database_name, tenant_role, tenant_schema
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.roles import Admin
from tests.tenants import Control

FIRST = """
import sqlalchemy as sa
revision = "0001"
down_revision = None
def upgrade(op):
    op.create_table("first", sa.Column("id", sa.Integer, primary_key=True))
"""
SECOND = """
import sqlalchemy as sa
revision = "0002"
down_revision = "0001"
def upgrade(op):
    op.add_column("first", sa.Column("note", sa.Text))
    op.create_table("second", sa.Column("id", sa.Integer, primary_key=True))
"""
SLOW_SECOND = (
    SECOND
    + """
    op.execute("SELECT pg_sleep(0.1)")
"""
)
MIGRATING = """
import asyncio, sys
from pathlib import Path
from uuid import UUID
from shared.tenancy.migrate import SubgraphMigrations, migrate_all
from shared.tenancy.roles import Admin
url, versions, *tenants = sys.argv[1:]
asyncio.run(migrate_all(Admin(url), map(UUID, tenants), [SubgraphMigrations("users", Path(versions))], at_a_time=2))
"""
OLD = {"alembic_version", "first"}
BROKEN = """
revision = "0002"
down_revision = "0001"
def upgrade(op):
    op.execute("CREATE TABLE half (id int)")
    op.execute("SELECT 1 FROM nowhere")
"""


def history(folder: Path, *revisions: str) -> SubgraphMigrations:
    """The users subgraph with a history made for the test."""
    folder.mkdir(parents=True)
    for number, revision in enumerate(revisions, 1):
        (folder / f"r{number:04}.py").write_text(revision)
    return SubgraphMigrations("users", folder)


async def tables(admin: Admin, tenant_id: TenantId) -> set[str]:
    """The tables of a tenant in the users subgraph."""
    listing = "SELECT tablename FROM pg_tables WHERE schemaname = $1"
    async with admin.engine(database_name("users")).connect() as connection:
        return set((await connection.exec_driver_sql(listing, (tenant_schema(tenant_id),))).scalars())


async def written_by_old_code(admin: Admin, tenant_id: TenantId) -> int:
    """Write a row as code of the first revision does, with a tenant's rights; returns how many there are."""
    async with admin.engine(database_name("users")).begin() as connection:
        await connection.exec_driver_sql(f"SET LOCAL ROLE {tenant_role(tenant_id, 'users')}")
        await connection.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(tenant_id)}")
        await connection.exec_driver_sql("INSERT INTO first (id) SELECT count(*) FROM first")
        return (await connection.exec_driver_sql("SELECT count(*) FROM first")).scalar_one()


class TestProvision:
    async def test_makes_a_schema_in_every_subgraph(self, control: Control) -> None:
        tenant_id = TenantId(uuid7())
        async with control.admin() as admin:
            await Provisioner(admin, control.migrations).provision(tenant_id)
            for one in control.migrations:
                found = sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = :schema")
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    assert await connection.scalar(found, {"schema": tenant_schema(tenant_id)})

    async def test_done_twice_is_done_once(self, control: Control) -> None:
        tenant_id = TenantId(uuid7())
        async with control.admin() as admin:
            provisioner = Provisioner(admin, control.migrations)
            await asyncio.gather(provisioner.provision(tenant_id), provisioner.provision(tenant_id))
            await provisioner.provision(tenant_id)

    async def test_runs_the_other_steps_too(self, control: Control) -> None:
        made: list[TenantId] = []

        async def step(tenant_id: TenantId) -> None:
            made.append(tenant_id)

        tenant_id = TenantId(uuid7())
        async with control.admin() as admin:
            await Provisioner(admin, [], also=[step]).provision(tenant_id)
        assert made == [tenant_id]

    async def test_the_platform_can_be_prepared_again(self, control: Control) -> None:
        async with control.admin() as admin:
            await prepare_platform(admin, control.secret, control.migrations)


class TestMigrate:
    async def test_brings_tenants_to_the_newest_revision(self, control: Control, tmp_path: Path) -> None:
        old, new = history(tmp_path / "old", FIRST), history(tmp_path / "new", FIRST, SECOND)
        tenants = [TenantId(uuid7()) for _ in range(5)]
        async with control.admin() as admin:
            await migrate_all(admin, tenants, [old])
            assert await tables(admin, tenants[0]) == {"alembic_version", "first"}
            await migrate_all(admin, tenants, [new], at_a_time=3)
            for tenant_id in tenants:
                assert await tables(admin, tenant_id) == {"alembic_version", "first", "second"}

    async def test_goes_on_where_it_was_killed_and_serves_old_code_meanwhile(
        self, control: Control, tmp_path: Path
    ) -> None:
        old, new = history(tmp_path / "old", FIRST), history(tmp_path / "new", FIRST, SLOW_SECOND)
        tenants = [TenantId(uuid7()) for _ in range(12)]
        async with control.admin() as admin:
            await migrate_all(admin, tenants, [old])
            command = [sys.executable, "-c", MIGRATING, control.servers.database, str(new.versions)]
            killed = await asyncio.create_subprocess_exec(*command, *map(str, tenants))
            while "second" not in await tables(admin, tenants[1]):
                assert killed.returncode is None
                await asyncio.sleep(0.02)
            killed.kill()
            await killed.wait()
            for tenant_id in tenants:
                assert await tables(admin, tenant_id) in (OLD, OLD | {"second"})
                await written_by_old_code(admin, tenant_id)
            waiting = await outdated(admin, tenants, new)
            assert waiting
            assert tenants[1] not in waiting
            await migrate_all(admin, tenants, [new])
            assert await outdated(admin, tenants, new) == []
            assert [await written_by_old_code(admin, tenant_id) for tenant_id in tenants] == [2] * len(tenants)

    async def test_a_revision_that_fails_leaves_the_tenant_as_it_was(self, control: Control, tmp_path: Path) -> None:
        old, broken = history(tmp_path / "old", FIRST), history(tmp_path / "new", FIRST, BROKEN)
        tenant_id = TenantId(uuid7())
        async with control.admin() as admin:
            await migrate_tenant(admin, tenant_id, old)
            with pytest.raises(MigrationFailed, match="1 tenants were not migrated"):
                await migrate_all(admin, [tenant_id], [broken])
            assert await tables(admin, tenant_id) == {"alembic_version", "first"}

    async def test_two_runners_do_not_disturb_each_other(self, control: Control, tmp_path: Path) -> None:
        new = history(tmp_path / "new", FIRST, SECOND)
        tenants = [TenantId(uuid7()) for _ in range(4)]
        async with control.admin() as one, control.admin() as other:
            await asyncio.gather(migrate_all(one, tenants, [new]), migrate_all(other, tenants, [new]))
            assert "second" in await tables(one, tenants[-1])
