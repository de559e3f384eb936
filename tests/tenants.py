"""The platform's databases on the test servers, and tenants in them that are quick to have."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller, TenantId, UserId
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import CONTROL_DATABASE, database_name, document_database, tenant_schema
from shared.tenancy.provision import Provisioner, prepare_platform
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin, login_url
from tests.servers import Servers

_KEPT_TABLES = frozenset({"alembic_version"})


@dataclass(frozen=True, slots=True)
class Control:
    """The platform's databases, migrated, on this test process's servers."""

    servers: Servers
    secret: SecretStr
    migrations: Sequence[SubgraphMigrations]
    _free: list["Tenant"] = field(default_factory=list["Tenant"])

    async def prepare(self) -> None:
        async with self.admin() as admin:
            await prepare_platform(admin, self.secret, self.migrations)

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
        async with self.admin() as admin:
            tenant = self._free.pop() if self._free else await self._provision(admin)
            try:
                yield tenant
            finally:
                await self._empty(admin, tenant)
                self._free.append(tenant)

    async def _provision(self, admin: Admin) -> "Tenant":
        tenant_id = TenantId(uuid7())
        tenant = Tenant(tenant_id, slug=f"tenant-{tenant_id.hex[-12:]}")
        await Provisioner(admin, self.migrations).provision(tenant_id)
        row = {"id": tenant_id, "slug": tenant.slug, "name": tenant.slug, "plan": "free", "status": TenantStatus.ACTIVE}
        async with admin.engine(CONTROL_DATABASE).begin() as connection:
            await connection.execute(sa.insert(tenants).values(row))
        return tenant

    async def _empty(self, admin: Admin, tenant: "Tenant") -> None:
        async with asyncio.TaskGroup() as tasks:
            for one in self.migrations:
                tasks.create_task(_truncate(admin, one.subgraph, tenant))
            tasks.create_task(self._drop_documents(tenant))

    async def _drop_documents(self, tenant: "Tenant") -> None:
        from pymongo import AsyncMongoClient

        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(self.servers.mongo)
        async with client:
            await client.drop_database(document_database("content", tenant.id))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A provisioned, active tenant."""

    id: TenantId
    slug: str

    def caller(self, *scopes: str, user_id: UUID | None = None, role: str = "LEARNER") -> Caller:
        """A person of this tenant who holds `scopes`."""
        return Caller(self.id, UserId(user_id or uuid7()), role, frozenset(scopes), session_id=uuid7())


async def _truncate(admin: Admin, subgraph: str, tenant: Tenant) -> None:
    schema = tenant_schema(tenant.id)
    async with admin.engine(database_name(subgraph)).begin() as connection:
        found = await connection.exec_driver_sql("SELECT tablename FROM pg_tables WHERE schemaname = $1", (schema,))
        names = [f"{schema}.{name}" for name in found.scalars() if name not in _KEPT_TABLES]
        if names:
            await connection.exec_driver_sql(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE")
