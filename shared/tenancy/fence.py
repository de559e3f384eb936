"""The fence around a tenant's schemas on one server: nobody takes on the tenant's roles, and nobody writes.

It stands in the database, since any process may still believe that the tenant is served from there. Login roles lose
the right to become the tenant's roles, and the roles lose the right to write, for transactions that had taken them on
before; `shared.database` answers both with `SERVICE_UNAVAILABLE`.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.tenancy.migrate import SubgraphMigrations, grant_rows, revision_of, run_script
from shared.tenancy.names import database_name, login_role, tenant_role, tenant_schema
from shared.tenancy.roles import Admin, lock_schema

_LOOK_EVERY: Final = 0.05
_LOOKS: Final = 200
_WRITERS: Final = "30s"
_SINCE_BEFORE: Final = """
SELECT count(*) FROM pg_stat_activity WHERE usename = ANY($1::text[]) AND xact_start < $2::timestamptz
"""
_TABLES: Final = """
SELECT string_agg(oid::regclass::text, ', ') FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'r'
"""
_ONE_AT_A_TIME: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))"


async def is_mine(connection: AsyncConnection, slug: str) -> bool:
    """Whether nobody else moves or deletes a tenant: then nobody else does until the transaction ends.

    Args:
        connection: to the control database.
        slug: the tenant's.
    """
    return (await connection.exec_driver_sql(_ONE_AT_A_TIME, (f"moving {slug}",))).scalar_one()


async def close_schemas(admin: Admin, tenant_id: TenantId, subgraphs: Sequence[SubgraphMigrations]) -> None:
    """Put up the fence, and wait until whoever was writing is done: after it nothing changes. Safe to repeat."""
    async with admin.server.begin() as connection:
        for one in subgraphs:
            role, login = tenant_role(tenant_id, one.subgraph), login_role(one.subgraph)
            await connection.exec_driver_sql(f"REVOKE {role} FROM {login}")
    await _until_others_end(admin, [login_role(one.subgraph) for one in subgraphs])
    for one in subgraphs:
        async with admin.engine(database_name(one.subgraph)).begin() as connection:
            await _refuse_writing(connection, tenant_schema(tenant_id), tenant_role(tenant_id, one.subgraph))


async def open_schemas(admin: Admin, tenant_id: TenantId, subgraphs: Sequence[SubgraphMigrations]) -> None:
    """Take the fence away from what there is of the tenant. Safe to repeat."""
    schema = tenant_schema(tenant_id)
    for one in subgraphs:
        role, login = tenant_role(tenant_id, one.subgraph), login_role(one.subgraph)
        async with admin.engine(database_name(one.subgraph)).begin() as connection:
            await lock_schema(connection, schema)
            if await revision_of(connection, schema, role=role) is None:
                continue  # its deletion has come so far
            await run_script(
                connection, f"{grant_rows(schema, role)};\nGRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE"
            )


async def _until_others_end(admin: Admin, logins: Sequence[str]) -> None:
    """Give the transactions of subgraphs that began before now, whosever they are, ten seconds to end by themselves.

    One of this tenant that goes on after that, and that has not written yet, is refused by the server when it does.
    """
    async with admin.server.connect() as connection:
        own = await connection.execution_options(isolation_level="AUTOCOMMIT")
        now = (await own.exec_driver_sql("SELECT clock_timestamp()")).scalar_one()
        for _ in range(_LOOKS):
            if not (await own.exec_driver_sql(_SINCE_BEFORE, ([*logins], now))).scalar_one():
                return
            await asyncio.sleep(_LOOK_EVERY)


async def _refuse_writing(connection: AsyncConnection, schema: str, role: str) -> None:
    """Wait for those who are writing, and let nobody begin to.

    The lock is waited for by whoever would write, and given up with the right to: they are refused then.
    """
    await lock_schema(connection, schema)
    tables = (await connection.exec_driver_sql(_TABLES, (schema,))).scalar_one()
    await connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_WRITERS}'")
    await connection.exec_driver_sql(f"LOCK TABLE {tables} IN SHARE MODE")
    await connection.exec_driver_sql(f"REVOKE INSERT, UPDATE, DELETE ON {tables} FROM {role}")
