"""A tenant's schema that was changed by hand is found, whatever was changed; those that were not are not."""

from collections.abc import AsyncGenerator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.ids import uuid7
from shared.tenancy.drift import Drift, compare, drifts, reference
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import database_name, tenant_role, tenant_schema
from shared.tenancy.roles import Admin
from tests.tenants import Control, Tenant


@pytest.fixture
async def admin(control: Control) -> AsyncGenerator[Admin]:
    """The administrator's connections."""
    async with control.admin() as opened:
        yield opened


@pytest.fixture
async def changing(admin: Admin) -> AsyncGenerator[AsyncConnection]:
    """A transaction in the auth subgraph's database, of which nothing stays."""
    async with admin.engine(database_name("auth")).connect() as connection:
        yield connection
        await connection.rollback()


@pytest.fixture
def auth(control: Control) -> SubgraphMigrations:
    """The subgraph that has a bit of everything: triggers, functions, read-only tables."""
    return next(one for one in control.migrations if one.subgraph == "auth")


CHANGES = {
    "ALTER TABLE accounts ADD COLUMN note text": "+column accounts.note text",
    "ALTER TABLE accounts DROP COLUMN email CASCADE": "-column accounts.email text not null",
    "ALTER TABLE outbox ALTER COLUMN topic DROP NOT NULL": "+column outbox.topic text",
    "ALTER TABLE outbox ALTER COLUMN topic SET DEFAULT 'x'": "+column outbox.topic text not null default 'x'::text",
    "DROP INDEX ix_outbox_published_at": "-index CREATE INDEX ix_outbox_published_at",
    "CREATE INDEX mine ON outbox (topic)": "+index CREATE INDEX mine ON",
    "ALTER TABLE outbox DROP CONSTRAINT uq_outbox_event_id": "-constraint outbox.uq_outbox_event_id UNIQUE",
    "REVOKE INSERT ON outbox FROM {role}": "-right INSERT on outbox for (tenant's role)",
    "GRANT SELECT ON outbox TO PUBLIC": "+right SELECT on outbox for PUBLIC",
    "GRANT SELECT (topic) ON outbox TO studium_users": "+right SELECT on outbox.topic for studium_users",
    "GRANT USAGE ON SCHEMA {schema} TO PUBLIC": "+right USAGE on the schema for PUBLIC",
    "GRANT {role} TO studium_users": "+studium_users may become (tenant's role)",
    "ALTER ROLE {role} LOGIN": "+role (tenant's role) login t",
    "ALTER TABLE outbox OWNER TO {role}": "+table outbox, owner (tenant's role)",
    "ALTER TABLE outbox ENABLE ROW LEVEL SECURITY": "+table outbox, owner ",
    "CREATE TABLE mine (id int)": "+table mine",
    "CREATE VIEW mine AS SELECT 1": "+v mine",
    "CREATE TYPE mine AS (one int)": "+column mine.one integer",
    "CREATE DOMAIN mine AS text": "+type mine",
    "CREATE FUNCTION mine() RETURNS int RETURN 1": "+function CREATE OR REPLACE FUNCTION",
    "ALTER TABLE audit_events DISABLE TRIGGER USER": "+trigger CREATE TRIGGER",
}


class TestDrift:
    async def test_whatever_is_changed_is_found(
        self, admin: Admin, changing: AsyncConnection, auth: SubgraphMigrations, tenant: Tenant
    ) -> None:
        expected, names = await reference(admin, auth), _names(tenant)
        assert await compare(changing, tenant.id, auth, expected) is None
        for change, told in CHANGES.items():
            async with changing.begin_nested() as changed:
                await changing.exec_driver_sql(f"SET LOCAL search_path TO {names['schema']}, public")
                await changing.exec_driver_sql(change.format(**names))
                drift = await compare(changing, tenant.id, auth, expected)
                assert drift, change
                assert any(line.startswith(told) for line in _signed(drift)), (change, _signed(drift))
                await changed.rollback()
        assert await compare(changing, tenant.id, auth, expected) is None

    async def test_an_older_revision_is_told_as_that(
        self, admin: Admin, changing: AsyncConnection, auth: SubgraphMigrations, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        expected = await reference(admin, auth)
        for one, beside in ((tenant, other_tenant), (other_tenant, tenant)):
            async with changing.begin_nested() as changed:
                await changing.exec_driver_sql(f"SET LOCAL search_path TO {tenant_schema(one.id)}")
                await changing.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
                drift = await compare(changing, one.id, auth, expected)
                assert drift
                assert drift.surplus == ["revision 0001"]
                assert await compare(changing, beside.id, auth, expected) is None
                await changed.rollback()

    async def test_a_schema_that_is_nobodys_is_told(
        self, admin: Admin, auth: SubgraphMigrations, tenant: Tenant
    ) -> None:
        gone = TenantId(uuid7())
        found = [drift async for drift in drifts(admin, [gone], [auth])]
        assert [drift.missing for drift in found if drift.tenant_id == gone] != [[]]
        assert [drift.surplus for drift in found if drift.tenant_id == tenant.id] == [
            ["the schema: no tenant of this server has it"]
        ]


def _names(tenant: Tenant) -> dict[str, str]:
    return {"schema": tenant_schema(tenant.id), "role": tenant_role(tenant.id, "auth")}


def _signed(drift: Drift) -> list[str]:
    return [*(f"-{line}" for line in drift.missing), *(f"+{line}" for line in drift.surplus)]
