"""Making a tenant: its schema and role in every subgraph, at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import SecretStr

from shared.caller import TenantId
from shared.tenancy.control import VERSIONS
from shared.tenancy.control.rights import REGISTRAR, grant_own
from shared.tenancy.migrate import SubgraphMigrations, create_tenant, upgrade_schema
from shared.tenancy.names import CONTROL_DATABASE, CONTROL_SCHEMA, login_role
from shared.tenancy.roles import Admin, create_databases

Step: TypeAlias = Callable[[TenantId], Awaitable[None]]
"""Something else to make for a tenant, such as its document database. Must be safe to repeat."""


async def prepare_platform(admin: Admin, secret: SecretStr, subgraphs: Sequence[SubgraphMigrations]) -> None:
    """Create and migrate what all tenants share: databases, login roles, the registry. Safe to repeat.

    Other servers than the main one have the same databases, without the registry.
    """
    await create_databases(admin, secret, subgraphs)
    for other in admin.others.values():
        await create_databases(other, secret, subgraphs, control=False)
    readers = ", ".join(login_role(one.subgraph) for one in subgraphs)
    async with admin.engine(CONTROL_DATABASE).begin() as connection:
        await connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {CONTROL_SCHEMA}")
        await upgrade_schema(connection, CONTROL_SCHEMA, VERSIONS)
        await connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {CONTROL_SCHEMA} TO {readers}")
        await connection.exec_driver_sql(f"GRANT SELECT ON {CONTROL_SCHEMA}.tenant_directory TO {readers}")
        registrar = [login_role(one.subgraph) for one in subgraphs if one.subgraph == REGISTRAR]
        await grant_own(connection, readers=readers, registrar=registrar[0] if registrar else None)


@dataclass(frozen=True, slots=True)
class Provisioner:
    """Makes tenants in a fixed set of subgraphs."""

    admin: Admin
    subgraphs: Sequence[SubgraphMigrations]
    also: Sequence[Step] = ()

    async def provision(self, tenant_id: TenantId, server: str | None = None) -> None:
        """Make what is missing of a tenant, everywhere at once. Safe to repeat, and after being killed half-way.

        Args:
            tenant_id: whose it is.
            server: that it is placed on; None for the main one.
        """
        admin = self.admin.on(server)
        async with asyncio.TaskGroup() as tasks:
            for one in self.subgraphs:
                tasks.create_task(create_tenant(admin, tenant_id, one))
            for step in self.also:
                tasks.create_task(_run(step, tenant_id))


async def _run(step: Step, tenant_id: TenantId) -> None:
    await step(tenant_id)
