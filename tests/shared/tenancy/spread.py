"""The platform on two database servers, and tenants on either."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr

from shared.caller import Caller, TenantId, service_caller
from shared.database import Sessions, subgraph_metadata, unit_of_work
from shared.idempotency import Attempt, idempotency_table, once
from shared.ids import uuid7
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import CONTROL_DATABASE, database_name, tenant_schema
from shared.tenancy.provision import Provisioner
from shared.tenancy.registry import TenantStatus, tenants
from shared.tenancy.roles import Admin, login_url
from tests.tenants import Control

SECOND = "second"


@dataclass(frozen=True, slots=True)
class Spread:
    """The platform on two servers."""

    control: Control
    second: SecretStr

    @property
    def users(self) -> list[SubgraphMigrations]:
        """The one subgraph that tenants are made in here, and the one that has their accounts."""
        return [one for one in self.control.migrations if one.subgraph in {"users", "auth"}]

    def sessions(self, *, second: SecretStr | None = None) -> Sessions:
        """Of a process of the users subgraph that was told of both."""
        login = login_url(second or self.second, "users", self.control.secret)
        return Sessions.create(self.control.login_url("users"), subgraph="users", pool_size=2, servers={SECOND: login})

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncGenerator[Admin]:
        """The administrator's connections to both."""
        admin = Admin(self.control.servers.database, {SECOND: self.second})
        try:
            yield admin
        finally:
            await admin.aclose()


async def forgotten(control: Control) -> None:
    """The tenants of these tests are not in the registry any more, where other tests would look for all of them."""
    placed = sa.or_(tenants.c.server.is_not(None), tenants.c.slug.like("on-%"))
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.delete(tenants).where(placed))


async def made(spread: Spread, admin: Admin, server: str | None) -> Caller:
    """Somebody of a new tenant on a server."""
    tenant_id = TenantId(uuid7())
    row = {"id": tenant_id, "slug": f"on-{tenant_id.hex[-12:]}", "name": "Placed", "plan": "free"}
    await Provisioner(admin, spread.users).provision(tenant_id, server)
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.insert(tenants).values(**row, status=TenantStatus.ACTIVE, server=server))
    return service_caller(tenant_id, "test")


async def port_of(sessions: Sessions, caller: Caller) -> int:
    """The port of the server that a session of the caller is on."""
    async with sessions.read(caller) as session:
        return cast("int", await session.scalar(sa.select(sa.func.inet_server_port())))


async def schemas(admin: Admin, tenant_id: TenantId) -> list[str]:
    """The servers that have a schema of the tenant."""
    there = "SELECT 1 FROM pg_namespace WHERE nspname = $1"
    found: list[str] = []
    for name, server in admin.servers.items():
        async with server.engine(database_name("users")).connect() as connection:
            if (await connection.exec_driver_sql(there, (tenant_schema(tenant_id),))).first():
                found.append(name)
    return found


async def placed(admin: Admin, caller: Caller, server: str) -> None:
    """Say in the tenant's record that it is on another server."""
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.execute(sa.update(tenants).where(tenants.c.id == caller.tenant_id).values(server=server))


async def claimed(sessions: Sessions, caller: Caller, key: str) -> None:
    """Keep something for the tenant: a key of idempotency."""
    attempt = Attempt("test", key, {})

    async def perform() -> UUID:
        return uuid7()

    async with unit_of_work(sessions, caller) as session:
        await once(session, attempt, perform)


async def claims(sessions: Sessions, caller: Caller) -> list[str]:
    """What is kept."""
    kept = idempotency_table(subgraph_metadata())
    async with sessions.read(caller) as session:
        return list(await session.scalars(sa.select(kept.c.key).order_by(kept.c.key)))
