"""The platform's databases on the test servers, and tenants in them that are quick to have."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from anyio.from_thread import BlockingPortal, start_blocking_portal
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from shared.caller import Caller, TenantId, UserId
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import CONTROL_DATABASE, database_name, document_database, tenant_schema
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin, login_url
from tests.servers import Servers

_Result = TypeVar("_Result")

_EMPTY = """
DO $$ DECLARE each record; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR each IN
    SELECT oid::regclass AS name, pg_relation_size(oid) AS bytes FROM pg_class
    WHERE relnamespace = '{schema}'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
    AND pg_relation_size(oid) > 0
  LOOP
    EXECUTE CASE WHEN each.bytes > 400000 THEN format('TRUNCATE %s CASCADE', each.name)
    ELSE format('DELETE FROM %s', each.name) END;
  END LOOP;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
  WHERE relnamespace = '{schema}'::regnamespace AND pg_sequence_last_value(seqrelid) IS NOT NULL;
END $$
"""
"""Removes all rows of a schema.

To truncate makes new files of each table, its indexes and what it keeps elsewhere: dearer than to delete a few rows.
What is append-only refuses either by a trigger, which replicas have not.
"""


@dataclass(frozen=True, slots=True)
class Control:
    """The platform's databases, migrated, on this test process's servers."""

    servers: Servers
    secret: SecretStr
    migrations: Sequence[SubgraphMigrations]
    _keeper: "_Keeper"
    _free: list["Tenant"] = field(default_factory=list["Tenant"])

    @classmethod
    @contextmanager
    def prepared(
        cls, servers: Servers, secret: SecretStr, migrations: Sequence[SubgraphMigrations]
    ) -> Generator["Control"]:
        """The databases, made and migrated."""
        with _Keeper.running(servers, migrations) as keeper:
            keeper.portal.call(prepare_platform, keeper.admin, secret, migrations)
            yield cls(servers, secret, migrations, keeper)

    def login_url(self, subgraph: str) -> SecretStr:
        """What the subgraph's own process connects with."""
        return login_url(self.servers.database, subgraph, self.secret)

    @asynccontextmanager
    async def admin(self) -> AsyncGenerator[Admin]:
        """The administrator's connections, for one event loop."""
        admin = Admin(self.servers.database)
        try:
            yield admin
        finally:
            await admin.aclose()

    @asynccontextmanager
    async def tenant(self) -> AsyncGenerator["Tenant"]:
        """A tenant with nothing in it. Provisioned once and emptied after each use: that is faster than a new one."""
        tenant = self._free.pop() if self._free else await self._keeper.do(self._keeper.provision)
        try:
            yield tenant
        finally:
            await self._keeper.do(self._keeper.empty, tenant)
            self._free.append(tenant)


@dataclass(frozen=True, slots=True)
class _Keeper:
    """Makes tenants and empties them, over connections that outlive the event loops of single tests.

    They belong to an event loop in a thread of its own: to connect to every database anew takes longer than most tests.
    """

    admin: Admin
    documents: AsyncMongoClient[dict[str, Any]]
    migrations: Sequence[SubgraphMigrations]
    portal: BlockingPortal

    @classmethod
    @contextmanager
    def running(cls, servers: Servers, migrations: Sequence[SubgraphMigrations]) -> Generator["_Keeper"]:
        with start_blocking_portal() as portal:
            keeper = cls(Admin(servers.database), AsyncMongoClient(servers.mongo), migrations, portal)
            yield keeper
            portal.call(keeper.admin.aclose)
            portal.call(keeper.documents.close)

    async def do(self, work: Callable[..., Awaitable[_Result]], *arguments: object) -> _Result:
        """Wait for `work` in the keeper's loop, in whichever loop this is called."""
        return await asyncio.wrap_future(self.portal.start_task_soon(work, *arguments))

    async def provision(self) -> "Tenant":
        tenant_id = TenantId(uuid7())
        tenant = Tenant(tenant_id, slug=f"tenant-{tenant_id.hex[-12:]}")
        await Provisioner(self.admin, self.migrations).provision(tenant_id)
        row = {"id": tenant_id, "slug": tenant.slug, "name": tenant.slug, "plan": "free", "status": TenantStatus.ACTIVE}
        async with self.admin.engine(CONTROL_DATABASE).begin() as connection:
            await connection.execute(sa.insert(tenants).values(row))
        return tenant

    async def empty(self, tenant: "Tenant") -> None:
        async with asyncio.TaskGroup() as tasks:
            for one in self.migrations:
                tasks.create_task(self._clear(one.subgraph, tenant_schema(tenant.id)))
            tasks.create_task(self.documents.drop_database(document_database("content", tenant.id)))

    async def _clear(self, subgraph: str, schema: str) -> None:
        async with self.admin.engine(database_name(subgraph)).begin() as connection:
            await connection.exec_driver_sql(_EMPTY.format(schema=schema))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A provisioned, active tenant."""

    id: TenantId
    slug: str

    def caller(self, *scopes: str, user_id: UUID | None = None, role: str = "LEARNER") -> Caller:
        """A person of this tenant who holds `scopes`."""
        return Caller(self.id, UserId(user_id or uuid7()), role, frozenset(scopes), session_id=uuid7())
