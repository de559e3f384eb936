"""Copying a tenant's schema to another server: structure by the migrations, rows by COPY, all in one transaction there.

Rows are never held in memory beyond a few messages. What was copied is compared with what is where it came from, by
counts and checksums of each table, before it is committed; so a schema that is on the other server is a whole one. It
stays fenced off: a process may believe from an earlier time that the tenant is served from there.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.tenancy.migrate import SubgraphMigrations, migrate_in, revision_of
from shared.tenancy.names import database_name, login_role, tenant_role, tenant_schema
from shared.tenancy.roles import Admin, lock_schema
from shared.tenancy.scripts import VERSION_TABLE, head_of

_MESSAGES_AHEAD: Final = 16
_TABLES: Final = """
SELECT relname, array_agg(attname::text ORDER BY attnum) AS columns FROM pg_class
JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND relname <> $2 GROUP BY relname
"""
_REFERENCES: Final = """
SELECT referring.relname AS referring, referred.relname AS referred FROM pg_constraint
JOIN pg_class referring ON referring.oid = conrelid JOIN pg_class referred ON referred.oid = confrelid
WHERE connamespace = $1::regnamespace AND contype = 'f' AND conrelid <> confrelid
"""
_SEQUENCES: Final = "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace AND relkind = 'S'"
_AS_TEXT: Final = (
    "SELECT set_config(name, value, true) FROM (VALUES ('timezone', 'UTC'), ('datestyle', 'ISO'),"
    " ('intervalstyle', 'postgres'), ('bytea_output', 'hex'), ('extra_float_digits', '1')) AS how (name, value)"
)
"""Rows are compared as text, which both servers have to write in the same way."""
_SUM: Final = """
SELECT count(*), sum(('x' || substr(md5(ROW({columns})::text), 1, 16))::bit(64)::bigint::numeric) FROM {table}
"""
"""Of rows in any order. MD5 is the same on every server, as its own hash functions are not."""


class NotCurrent(Exception):
    """The schema is not of the newest revision, which is the one that can be made elsewhere."""


class CopyDiffers(Exception):
    """What arrived is not what was sent; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    """With its schema: it is the same on both servers."""
    columns: tuple[str, ...]

    @property
    def listed(self) -> str:
        """The columns, as a statement names them."""
        return ", ".join(f'"{column}"' for column in self.columns)


async def copy_tenant(source: Admin, target: Admin, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
    """Copy one subgraph's schema of a tenant whose rows nobody changes meanwhile. One that is there already is whole.

    Raises:
        NotCurrent: it is to be migrated first.
        CopyDiffers: it has changed meanwhile, or was not read as it was written.
    """
    schema, database = tenant_schema(tenant_id), database_name(migrations.subgraph)
    async with source.engine(database).connect() as old, target.engine(database).begin() as new:
        await old.execution_options(isolation_level="REPEATABLE READ")
        await lock_schema(new, schema)
        revision = await revision_of(old, schema)
        if revision != head_of(migrations.versions):
            raise NotCurrent(f"{database} is at revision {revision}, not at the newest")
        there = await revision_of(new, schema)
        if there == revision:
            return
        if there is not None:  # of a move that was cut off before the schema was migrated where it is
            await new.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
        await migrate_in(new, tenant_id, migrations)
        role, login = tenant_role(tenant_id, migrations.subgraph), login_role(migrations.subgraph)
        await new.exec_driver_sql(f"REVOKE {role} FROM {login}")
        await _copy_rows(old, new, schema)
        await old.rollback()


async def _copy_rows(old: AsyncConnection, new: AsyncConnection, schema: str) -> None:
    for connection in (old, new):
        await connection.exec_driver_sql(_AS_TEXT)
    for table in await _tables(old, schema):
        await _copy(await _driver(old), await _driver(new), table)
        sent, arrived = [await _sum(connection, table) for connection in (old, new)]
        if sent != arrived:
            raise CopyDiffers(f"{table.name}: {sent} (rows, sum) were sent, {arrived} arrived")
    for sequence in (await old.exec_driver_sql(_SEQUENCES, (schema,))).scalars():
        found = await old.exec_driver_sql(f"SELECT last_value, is_called FROM {schema}.{sequence}")  # noqa: S608 - our own names
        await new.exec_driver_sql(f"SELECT setval('{schema}.{sequence}', $1, $2)", tuple(found.one()))


async def _tables(connection: AsyncConnection, schema: str) -> Iterable[_Table]:
    """Those that have rows of the tenant, each after the ones that it refers to."""
    found = await connection.exec_driver_sql(_TABLES, (schema, VERSION_TABLE))
    columns: dict[str, tuple[str, ...]] = {row.relname: tuple(row.columns) for row in found}
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(columns, ()))
    for row in await connection.exec_driver_sql(_REFERENCES, (schema,)):
        order.add(row.referring, row.referred)
    return [_Table(f"{schema}.{name}", columns[name]) for name in order.static_order()]


async def _copy(old: Any, new: Any, table: _Table) -> None:
    """Pass a table's rows on as they come."""
    pipe: asyncio.Queue[bytes | None] = asyncio.Queue(_MESSAGES_AHEAD)
    schema, _, name = table.name.partition(".")

    async def send() -> None:
        await old.copy_from_query(f"SELECT {table.listed} FROM {table.name}", output=pipe.put)  # noqa: S608 - from the catalogue
        await pipe.put(None)

    async def messages() -> AsyncGenerator[bytes]:
        while (message := await pipe.get()) is not None:
            yield message

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        tasks.create_task(new.copy_to_table(name, schema_name=schema, columns=table.columns, source=messages()))


async def _sum(connection: AsyncConnection, table: _Table) -> tuple[Any, ...]:
    found = await connection.exec_driver_sql(_SUM.format(columns=table.listed, table=table.name))
    return tuple(found.one())


async def _driver(connection: AsyncConnection) -> Any:
    """Of a connection that is in a transaction: COPY is no statement that SQLAlchemy knows."""
    return (await connection.get_raw_connection()).driver_connection
