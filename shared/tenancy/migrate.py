"""Migrations: one Alembic history a subgraph, run in each tenant's schema.

Each tenant is brought to the newest revision in one transaction, so a runner that is killed leaves every tenant
either as it was or up to date, and the next run goes on from there. Two runners at once are put in a row by an
advisory lock.

A version file (``migrations/versions/r0001_people.py``) names no schema: the transaction's search path holds the
tenant's. It takes its operations as an argument (``def upgrade(op: Operations) -> None``) and is run once a process, to
write its SQL (`shared.tenancy.scripts`): it cannot look at what is in the tables but by statements of SQL.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from asyncpg.exceptions import DuplicateObjectError, DuplicateSchemaError
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.engines import note_served
from shared.tenancy.names import (
    APPEND_ONLY,
    READ_ONLY,
    database_name,
    tenant_role,
    tenant_schema,
)
from shared.tenancy.roles import Admin, lock_schema, new_tenant_script, tenant_role_script
from shared.tenancy.scripts import VERSION_TABLE, head_of, upgrade_script

_IS_THERE: Final = (
    "SELECT to_regclass($1) IS NOT NULL AND ($2::text IS NULL OR EXISTS (SELECT FROM pg_roles WHERE rolname = $2))"
)
_WHOLE: Final = """
SELECT nspname FROM unnest($2::text[], $3::text[]) AS wanted (schema, role) JOIN pg_namespace ON nspname = schema
JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = $1 JOIN pg_roles ON rolname = role
"""
"""Schemas that have a version table, and the role they are used by."""
_READ_AT_ONCE: Final = 200
_AT_A_TIME: Final = 4


@dataclass(frozen=True, slots=True)
class SubgraphMigrations:
    """What a subgraph needs in PostgreSQL before it can serve a tenant."""

    subgraph: str
    versions: Path
    """Folder of the Alembic version files."""
    extensions: tuple[str, ...] = ()
    """PostgreSQL extensions of the subgraph's database."""


@dataclass(frozen=True, slots=True)
class MigrationFailed(Exception):
    """Some tenants could not be migrated; the others were."""

    failures: Sequence[tuple[TenantId, BaseException]]

    def __str__(self) -> str:
        first_tenant, first_error = self.failures[0]
        return f"{len(self.failures)} tenants were not migrated; the first, {first_tenant}: {first_error}"


async def upgrade_schema(connection: AsyncConnection, schema: str, versions: Path) -> None:
    """Bring `schema` to the newest revision inside the connection's transaction. Does nothing if it is there."""
    await lock_schema(connection, schema)
    revision = await revision_of(connection, schema)
    if revision != head_of(versions):
        await run_script(connection, _in_schema(schema) + upgrade_script(versions, revision))


async def migrate_tenant(admin: Admin, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
    """Create what is missing of one tenant in one subgraph, and bring it to the newest revision. Safe to repeat.

    It is one transaction: a schema of the newest revision, whose role there is, has everything.
    """
    async with admin.engine(database_name(migrations.subgraph)).begin() as connection:
        _note(connection, tenant_schema(tenant_id))
        await migrate_in(connection, tenant_id, migrations)


async def create_tenant(admin: Admin, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
    """The same for a tenant that most likely has nothing yet: one message, which is one transaction.

    To look first costs as many messages again as there are statements; the server says if something is there.
    """
    schema, role = tenant_schema(tenant_id), tenant_role(tenant_id, migrations.subgraph)
    made = new_tenant_script(tenant_id, migrations.subgraph)
    script = f"{made};\n{_in_schema(schema)}{upgrade_script(migrations.versions, None)}\n{grant_rows(schema, role)};"
    try:
        async with admin.engine(database_name(migrations.subgraph)).connect() as connection:
            _note(connection, schema)
            await run_script(connection, script)
    except (DuplicateObjectError, DuplicateSchemaError):
        await migrate_tenant(admin, tenant_id, migrations)


def _note(connection: AsyncConnection, *schemas: str) -> None:
    """The server's process keeps something of each schema: the pool replaces a connection that has seen many."""
    if (served := connection.sync_connection) is not None:
        for schema in schemas:
            note_served(served, schema)


async def migrate_in(connection: AsyncConnection, tenant_id: TenantId, migrations: SubgraphMigrations) -> None:
    """The same as `migrate_tenant` inside the connection's transaction, in the subgraph's database."""
    schema, role = tenant_schema(tenant_id), tenant_role(tenant_id, migrations.subgraph)
    await lock_schema(connection, schema)
    revision = await revision_of(connection, schema, role=role)
    if revision == head_of(migrations.versions):
        return
    made = tenant_role_script(tenant_id, migrations.subgraph)
    upgraded = upgrade_script(migrations.versions, await revision_of(connection, schema))
    await run_script(connection, f"{made};\n{_in_schema(schema)}{upgraded}\n{grant_rows(schema, role)};")


async def revision_of(connection: AsyncConnection, schema: str, *, role: str | None = None) -> str | None:
    """The revision a schema is at; None if there is nothing yet, or not the role it is to be used by."""
    found = await connection.exec_driver_sql(_IS_THERE, (f"{schema}.{VERSION_TABLE}", role))
    if not found.scalar_one():
        return None
    return await connection.scalar(sa.text(f"SELECT version_num FROM {schema}.{VERSION_TABLE}"))  # noqa: S608 - hexadecimal digits


def _in_schema(schema: str) -> str:
    return f"SET LOCAL search_path TO {schema}, public;\n"


async def run_script(connection: AsyncConnection, script: str) -> None:
    """Run several statements as one message, in the connection's transaction if it has sent one before.

    Otherwise the message is a transaction of its own. PostgreSQL documentation, 54.2.2.1 (multiple statements in a
    simple query).
    """
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    await driver.execute(script)


def grant_rows(schema: str, role: str) -> str:
    """The role may use rows, not structure: tables belong to the administrator, and so does the version table.

    A table says in its comment if rows of it are never changed (`APPEND_ONLY`), or are the administrator's alone to
    write (`READ_ONLY`). What is in a schema is found by what depends on it: `pg_class` has no index by schema, so that
    `GRANT ... ON ALL TABLES IN SCHEMA` would read the tables of all tenants, several times for each of them.
    """
    return f"""DO $$ DECLARE kind record; BEGIN
        GRANT USAGE ON SCHEMA {schema} TO {role};
        FOR kind IN SELECT string_agg(oid::regclass::text, ', ') AS names, relkind = 'S' AS numbers,
                obj_description(oid, 'pg_class') AS comment FROM pg_depend JOIN pg_class ON oid = objid
                WHERE refclassid = 'pg_namespace'::regclass AND refobjid = '{schema}'::regnamespace
                AND classid = 'pg_class'::regclass AND relname <> '{VERSION_TABLE}' GROUP BY 2, 3 LOOP
            IF kind.numbers THEN
                EXECUTE format('GRANT USAGE ON SEQUENCE %s TO {role}', kind.names);
            ELSE
                EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {role}', kind.names);
            END IF;
            IF kind.comment IN ('{APPEND_ONLY}', '{READ_ONLY}') THEN
                EXECUTE format('REVOKE UPDATE, DELETE ON %s FROM {role}', kind.names);
            END IF;
            IF kind.comment = '{READ_ONLY}' THEN
                EXECUTE format('REVOKE INSERT ON %s FROM {role}', kind.names);
            END IF;
        END LOOP;
    END $$"""  # noqa: S608 - every name in it is made of hexadecimal digits and our own words


async def outdated(admin: Admin, tenants: Sequence[TenantId], migrations: SubgraphMigrations) -> list[TenantId]:
    """Those that are not at the newest revision, or not whole, in their order: a few statements for all of them."""
    head, current = head_of(migrations.versions), set[str]()
    async with admin.engine(database_name(migrations.subgraph)).connect() as connection:
        named = {tenant_schema(each): tenant_role(each, migrations.subgraph) for each in tenants}
        whole = await connection.exec_driver_sql(_WHOLE, (VERSION_TABLE, [*named], [*named.values()]))
        schemas = list(whole.scalars())
        _note(connection, *schemas)
        for start in range(0, len(schemas), _READ_AT_ONCE):
            current |= await _at(connection, head, schemas[start : start + _READ_AT_ONCE])
    return [each for each in tenants if tenant_schema(each) not in current]


async def _at(connection: AsyncConnection, head: str, schemas: Sequence[str]) -> set[str]:
    """The schemas that are at a revision; none of them, if one is dropped at this moment: each is looked at later."""
    read = [f"SELECT '{each}' FROM {each}.{VERSION_TABLE} WHERE version_num = $1" for each in schemas]  # noqa: S608 - hexadecimal digits
    try:
        async with connection.begin_nested():
            return set((await connection.exec_driver_sql(" UNION ALL ".join(read), (head,))).scalars())
    except ProgrammingError:
        return set()


async def migrate_all(
    admin: Admin, tenants: Iterable[TenantId], migrations: Sequence[SubgraphMigrations], *, at_a_time: int = _AT_A_TIME
) -> None:
    """Migrate every tenant in every subgraph, several at a time; one that fails does not stop the others.

    Raises:
        MigrationFailed: after all have been tried.
    """
    slots, every = asyncio.Semaphore(at_a_time), list(tenants)
    jobs = [(tenant_id, one) for one in migrations for tenant_id in await outdated(admin, every, one)]

    async def run(tenant_id: TenantId, one: SubgraphMigrations) -> None:
        async with slots:
            await migrate_tenant(admin, tenant_id, one)

    outcomes = await asyncio.gather(*(run(*job) for job in jobs), return_exceptions=True)
    failures = [(tenant_id, error) for (tenant_id, _), error in zip(jobs, outcomes, strict=True) if error is not None]
    if failures:
        raise MigrationFailed(failures)
