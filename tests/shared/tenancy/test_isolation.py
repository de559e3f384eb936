"""A tenant session reaches one schema, and leaves nothing behind on its connection."""

import asyncio
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.caller import TenantId, service_caller
from shared.database import Sessions, TenantSession, connect, read_url, unit_of_work
from shared.errors import TenantNotFound, Unavailable
from shared.idempotency import Attempt, idempotency_table, once
from shared.ids import uuid7
from shared.tenancy.names import PLACEHOLDER_SCHEMA, database_name, tenant_role, tenant_schema
from tests.tenants import Control, Tenant

KEYS = idempotency_table(sa.MetaData(schema=PLACEHOLDER_SCHEMA))
DENIED = "42501"


def sqlstate(refused: pytest.ExceptionInfo[DBAPIError]) -> str:
    """The code PostgreSQL refused with."""
    return getattr(refused.value.orig, "sqlstate", "")


def rows_of(tenant: Tenant) -> sa.Select[int]:
    """The rows of a tenant's own schema, named outright."""
    return sa.select(sa.func.count()).select_from(sa.table("idempotency", schema=tenant_schema(tenant.id)))


async def who(session: TenantSession) -> str:
    """The role the session acts as."""
    return await session.scalar(sa.select(sa.literal_column("current_user", sa.Text))) or ""


async def on_the_connection(engine: AsyncEngine) -> str:
    """The role a transaction that takes on none acts as."""
    async with engine.connect() as connection:
        return await connection.scalar(sa.select(sa.literal_column("current_user", sa.Text))) or ""


async def keep_a_key(sessions: Sessions, tenant: Tenant) -> None:
    """Write a row of the tenant's."""

    async def perform() -> UUID:
        return uuid7()

    async with unit_of_work(sessions, tenant.caller()) as session:
        await once(session, Attempt("test", "key", {}), perform)


async def count(session: TenantSession) -> int:
    """How many rows the session sees."""
    return await session.scalar(sa.select(sa.func.count()).select_from(KEYS)) or 0


class TestReach:
    async def test_a_tenant_sees_its_own_rows(self, sessions: Sessions, tenant: Tenant, other_tenant: Tenant) -> None:
        await keep_a_key(sessions, tenant)
        async with sessions.read(tenant.caller()) as session:
            assert await count(session) == 1
        async with sessions.read(other_tenant.caller()) as session:
            assert await count(session) == 0

    async def test_another_tenants_schema_is_denied(
        self, sessions: Sessions, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        foreign = rows_of(other_tenant)
        with pytest.raises(DBAPIError) as refused:
            async with sessions.read(tenant.caller()) as session:
                await session.execute(foreign)
        assert sqlstate(refused) == DENIED

    async def test_a_transaction_that_forgot_its_role_is_denied(self, sessions: Sessions, tenant: Tenant) -> None:
        with pytest.raises(DBAPIError) as refused:
            async with sessions.engine.connect() as connection:
                await connection.execute(rows_of(tenant))
        assert sqlstate(refused) == DENIED

    async def test_a_tenant_may_not_change_its_tables(self, sessions: Sessions, tenant: Tenant) -> None:
        with pytest.raises(DBAPIError) as refused:
            async with unit_of_work(sessions, tenant.caller()) as session:
                await session.execute(sa.text(f"ALTER TABLE {tenant_schema(tenant.id)}.idempotency ADD COLUMN x int"))
        assert sqlstate(refused) == DENIED

    async def test_a_tenant_that_never_was_is_not_found(self, sessions: Sessions) -> None:
        nobody = service_caller(TenantId(uuid7()), "test")
        with pytest.raises(TenantNotFound):
            async with sessions.read(nobody) as session:
                await count(session)
        with pytest.raises(TenantNotFound):
            async with unit_of_work(sessions, nobody) as session:
                await count(session)

    async def test_a_role_has_privileges_in_its_own_schema_alone(
        self, control: Control, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        walk = """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
            AND n.nspname <> $2 AND (has_schema_privilege($1, n.oid, 'USAGE, CREATE')
              OR CASE WHEN c.relkind = 'S' THEN has_sequence_privilege($1, c.oid, 'USAGE, SELECT, UPDATE')
                 ELSE has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES') END)
        """
        async with control.admin() as admin:
            for one in control.migrations:
                names = tenant_role(tenant.id, one.subgraph), tenant_schema(tenant.id)
                async with admin.engine(database_name(one.subgraph)).connect() as connection:
                    assert (await connection.exec_driver_sql(walk, names)).all() == []

    async def test_a_login_role_enters_its_own_database_alone(self, control: Control) -> None:
        foreign = read_url(control.login_url("users"), database=database_name("auth"))
        engine = connect(foreign, pool_size=1)
        with pytest.raises(DBAPIError) as refused:
            await on_the_connection(engine)
        assert sqlstate(refused) == DENIED
        await engine.dispose()

    async def test_a_read_session_writes_nothing(self, sessions: Sessions, tenant: Tenant) -> None:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            async with sessions.read(tenant.caller()) as session:
                await session.execute(sa.delete(KEYS))


class TestNothingIsLeftBehind:
    async def test_after_a_transaction(self, sessions: Sessions, tenant: Tenant, other_tenant: Tenant) -> None:
        for one in (tenant, other_tenant, tenant):
            async with sessions.read(one.caller()) as session:
                assert await who(session) == tenant_role(one.id, "users")
            assert await on_the_connection(sessions.engine) == "studium_users"

    async def test_after_an_exception(self, sessions: Sessions, tenant: Tenant) -> None:
        async def work() -> None:
            async with unit_of_work(sessions, tenant.caller()) as session:
                assert await who(session) == tenant_role(tenant.id, "users")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await work()
        assert await on_the_connection(sessions.engine) == "studium_users"

    async def test_after_a_statement_that_failed(self, sessions: Sessions, tenant: Tenant) -> None:
        with pytest.raises(DBAPIError):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await session.execute(sa.text("SELECT 1 / 0"))
        assert await on_the_connection(sessions.engine) == "studium_users"

    async def test_after_a_cancelled_statement(self, sessions: Sessions, tenant: Tenant) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), unit_of_work(sessions, tenant.caller()) as session:
                await session.execute(sa.text("SELECT pg_sleep(30)"))
        assert await on_the_connection(sessions.engine) == "studium_users"

    async def test_a_savepoint_rolled_back_keeps_the_role(self, sessions: Sessions, tenant: Tenant) -> None:
        async with unit_of_work(sessions, tenant.caller()) as session:
            with pytest.raises(DBAPIError):
                async with session.begin_nested():
                    await session.execute(sa.text("SELECT 1 / 0"))
            assert await who(session) == tenant_role(tenant.id, "users")
        assert await on_the_connection(sessions.engine) == "studium_users"

    async def test_many_transactions_of_two_tenants_at_once(
        self, control: Control, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        sessions = Sessions.create(control.login_url("users"), subgraph="users", pool_size=3)
        await keep_a_key(sessions, tenant)

        async def look(one: Tenant) -> None:
            async with sessions.read(one.caller()) as session:
                assert await count(session) == (one is tenant)
                await asyncio.sleep(0)
                assert await who(session) == tenant_role(one.id, "users")

        await asyncio.gather(*(look(one) for one in [tenant, other_tenant] * 50))
        await sessions.aclose()


class TestUnitOfWork:
    async def test_keeps_what_was_done(self, sessions: Sessions, tenant: Tenant) -> None:
        await keep_a_key(sessions, tenant)
        async with sessions.read(tenant.caller()) as session:
            assert await count(session) == 1

    async def test_keeps_nothing_if_it_raises(self, sessions: Sessions, tenant: Tenant) -> None:
        await keep_a_key(sessions, tenant)

        async def work() -> None:
            async with unit_of_work(sessions, tenant.caller()) as session:
                await session.execute(sa.delete(KEYS))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await work()
        async with sessions.read(tenant.caller()) as session:
            assert await count(session) == 1


class TestServerAway:
    async def test_is_told_as_unavailable(self, tenant: Tenant, unused_tcp_port: int) -> None:
        url = f"postgresql://nobody@127.0.0.1:{unused_tcp_port}/studium_users"
        sessions = Sessions.create(url, subgraph="users", pool_size=1)
        with pytest.raises(Unavailable):
            async with sessions.read(tenant.caller()) as session:
                await count(session)
        with pytest.raises(Unavailable):
            await sessions.ping()
        await sessions.aclose()

    async def test_a_connection_closed_meanwhile_is_replaced(
        self, control: Control, sessions: Sessions, tenant: Tenant
    ) -> None:
        async with sessions.read(tenant.caller()) as session:
            backend = await session.scalar(sa.select(sa.func.pg_backend_pid()))
        async with control.admin() as admin, admin.server.connect() as connection:
            await connection.execute(sa.select(sa.func.pg_terminate_backend(backend)))
        await asyncio.sleep(0.1)
        async with sessions.read(tenant.caller()) as session:
            assert await count(session) == 0
