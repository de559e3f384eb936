"""Databases, login roles and tenant roles, and who may do what with them.

- The administrator owns every database, schema and table.
- A login role (``studium_users``) connects to its own database and to the control database, and owns nothing.
- A tenant role (``t_<tenant>_users``) uses one schema. The login role may become it, and inherits nothing from it: a
  transaction that forgot to take on a tenant's role can read no tenant at all.
"""

import asyncio
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.caller import TenantId
from shared.crypto import login_password
from shared.engines import connect, read_url
from shared.errors import Unavailable
from shared.tenancy.names import CONTROL_DATABASE, MAIN, database_name, login_role, tenant_role, tenant_schema

if TYPE_CHECKING:
    from shared.tenancy.migrate import SubgraphMigrations

_POOL_SIZE: Final = 8
_EVERYBODYS: Final = frozenset({"postgres", "template1"})
"""Databases that a server comes with, and that anybody may enter until told otherwise: whoever could run SQL in one
would share its catalogs, its locks and its notifications with everybody else there. An administrator who does not own
them is warned by the server, and leaves them as they are."""


class Admin:
    """The administrator's connections to a server, one small pool a database; the main server's leads to the others.

    Attributes:
        others: those of the other servers that tenants may be on, by name; the main server's alone has any.
    """

    def __init__(self, url: SecretStr | str, servers: Mapping[str, SecretStr] = MappingProxyType({})) -> None:
        self._url = read_url(url)
        self._engines: dict[str, AsyncEngine] = {}
        self.others: Mapping[str, Admin] = {name: Admin(other) for name, other in servers.items()}

    @property
    def servers(self) -> "Mapping[str, Admin]":
        """All of them by name, the main one first."""
        return {MAIN: self, **self.others}

    def on(self, server: str | None) -> "Admin":
        """The connections to the server that a tenant's record names.

        Raises:
            Unavailable: this process was not told of it.
        """
        found = self.servers.get(server or MAIN)
        if found is None:
            raise Unavailable(f"The server {server!r} is not among those of this process")
        return found

    def engine(self, database: str) -> AsyncEngine:
        """The pool of one database. Statements are not prepared: each runs once a tenant, in another schema."""
        if database not in self._engines:
            self._engines[database] = connect(
                self._url.set(database=database),
                pool_size=_POOL_SIZE,
                connect_args={"prepared_statement_cache_size": 0},
            )
        return self._engines[database]

    @property
    def server(self) -> AsyncEngine:
        """The database the administrator's URL names, for what concerns the whole server."""
        return self.engine(self._url.database or "postgres")

    async def aclose(self) -> None:
        for other in self.others.values():
            await other.aclose()
        for engine in self._engines.values():
            await engine.dispose()


def login_url(admin_url: SecretStr | str, subgraph: str, secret: SecretStr) -> SecretStr:
    """The URL a subgraph's process connects with: its own login role, in its own database."""
    role = login_role(subgraph)
    url: URL = read_url(admin_url, database=database_name(subgraph))
    url = url.set(drivername="postgresql", username=role, password=login_password(secret, role))
    return SecretStr(url.render_as_string(hide_password=False))


async def create_databases(
    admin: Admin, secret: SecretStr, subgraphs: "Iterable[SubgraphMigrations]", *, control: bool = True
) -> None:
    """Create the databases, login roles and extensions that are missing on one server. Safe to repeat.

    Args:
        admin: of that server.
        secret: the login roles' passwords are derived from it.
        subgraphs: whose databases they are.
        control: whether the control database is there, too.
    """
    wanted, shared = list(subgraphs), [CONTROL_DATABASE] if control else []
    async with admin.server.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for one in wanted:
            await _create_login_role(autocommit, login_role(one.subgraph), secret)
        await _create_missing_databases(autocommit, [*shared, *(database_name(s.subgraph) for s in wanted)])
        for one in wanted:
            role = login_role(one.subgraph)
            for database in (database_name(one.subgraph), *shared):
                await autocommit.exec_driver_sql(f"GRANT CONNECT ON DATABASE {database} TO {role}")
    await asyncio.gather(*(_create_extensions(admin, one) for one in wanted if one.extensions))


async def _create_login_role(connection: AsyncConnection, role: str, secret: SecretStr) -> None:
    """The password is hexadecimal digits, so it can stand in the statement."""
    found = await connection.exec_driver_sql("SELECT 1 FROM pg_roles WHERE rolname = $1", (role,))
    verb, password = "ALTER" if found.first() else "CREATE", login_password(secret, role)
    await connection.exec_driver_sql(
        f"{verb} ROLE {role} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{password}'"
    )


async def _create_missing_databases(connection: AsyncConnection, names: list[str]) -> None:
    found = await connection.exec_driver_sql("SELECT datname FROM pg_database")
    existing = set(found.scalars())
    for name in names:
        if name not in existing:
            await connection.exec_driver_sql(f"CREATE DATABASE {name}")
    for name in [*names, *sorted(_EVERYBODYS & existing)]:
        await connection.exec_driver_sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")


async def _create_extensions(admin: Admin, migrations: "SubgraphMigrations") -> None:
    async with admin.engine(database_name(migrations.subgraph)).begin() as connection:
        for extension in migrations.extensions:
            await connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {extension}")


async def lock_schema(connection: AsyncConnection, schema: str) -> None:
    """Wait until nobody else changes the structure of `schema`, and keep others waiting until the transaction ends."""
    await connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", (schema,))


def tenant_role_script(tenant_id: TenantId, subgraph: str) -> str:
    """One statement that creates a tenant's schema and role in the connection's database, if missing."""
    schema, role, login = tenant_schema(tenant_id), tenant_role(tenant_id, subgraph), login_role(subgraph)
    return f"""DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
            CREATE ROLE {role} NOLOGIN NOINHERIT;
            GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE;
        END IF;
        CREATE SCHEMA IF NOT EXISTS {schema};
    END $$"""


def new_tenant_script(tenant_id: TenantId, subgraph: str) -> str:
    """Statements that create both, once nobody else is doing so; they fail if one is there."""
    schema, role, login = tenant_schema(tenant_id), tenant_role(tenant_id, subgraph), login_role(subgraph)
    return f"""SELECT pg_advisory_xact_lock(hashtextextended('{schema}', 0));
        CREATE SCHEMA {schema};
        CREATE ROLE {role} NOLOGIN NOINHERIT;
        GRANT {role} TO {login} WITH INHERIT FALSE, SET TRUE"""
