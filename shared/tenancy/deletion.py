"""Deleting tenants, once nobody has taken it back in time: everything of them, everywhere, and their record last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.caller import TenantId
from shared.events.repeat import rest
from shared.tenancy.fence import is_mine, open_schemas
from shared.tenancy.migrate import SubgraphMigrations
from shared.tenancy.names import CONTROL_DATABASE, database_name, tenant_role, tenant_schema
from shared.tenancy.provision import Step
from shared.tenancy.registry import tenants
from shared.tenancy.roles import Admin, lock_schema

_SWEEP_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletes every tenant whose time has come.

    Each step is safe to repeat and the record goes last, so a worker killed at any moment leaves a tenant that the next
    one finishes. The record is locked meanwhile: nobody resumes a tenant that is half gone.
    """

    admin: Admin
    subgraphs: Sequence[SubgraphMigrations]
    also: Sequence[Step] = ()
    """Something else to delete of a tenant, such as its documents, or the key of what is sealed for it."""

    async def run(self) -> None:
        """Delete what is due, and wait a while."""
        await self.sweep()
        await rest(_SWEEP_SECONDS)

    async def sweep(self, *, now: datetime | None = None) -> int:
        """Delete all tenants that are due; one that fails is left for the next sweep. Returns how many are gone.

        Args:
            now: the moment to look at; by default, the control database's own time.
        """
        failed: set[TenantId] = set()
        gone = 0
        while True:
            async with self.admin.engine(CONTROL_DATABASE).begin() as connection:
                row = await _due(connection, now, failed)
                if row is None:
                    return gone
                tenant_id = TenantId(row.id)
                if not await is_mine(connection, row.slug):  # what is copied now would be left on another server
                    _log.warning("deletion.waits_for_move", tenant_id=str(tenant_id))
                    failed.add(tenant_id)
                    continue
                try:
                    await self._delete(row)
                except Exception:  # noqa: BLE001 - whatever it is, the other tenants are not to wait for it
                    _log.exception("deletion.failed", tenant_id=str(tenant_id))
                    failed.add(tenant_id)
                else:
                    await connection.execute(sa.delete(tenants).where(tenants.c.id == tenant_id))
                    _log.info("deletion.done", tenant_id=str(tenant_id))
                    gone += 1

    async def _delete(self, row: sa.Row[Any]) -> None:
        """From every server: a tenant that was moved may have left something where it was."""
        tenant_id = TenantId(row.id)
        if row.moving_to is not None:  # of a move that was cut off: its keys are destroyed by its own roles
            await open_schemas(self.admin.on(row.server), tenant_id, self.subgraphs)
        for step in self.also:
            await step(tenant_id)
        for admin in self.admin.servers.values():
            for one in self.subgraphs:
                await drop_tenant(admin, tenant_id, one.subgraph)


async def drop_tenant(admin: Admin, tenant_id: TenantId, subgraph: str) -> None:
    """Drop a tenant's schema and role in one subgraph's database, on one server. Safe to repeat."""
    schema, role = tenant_schema(tenant_id), tenant_role(tenant_id, subgraph)
    async with admin.engine(database_name(subgraph)).begin() as connection:
        await lock_schema(connection, schema)
        await connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        await connection.exec_driver_sql(
            f"""DO $$ BEGIN
                IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                    DROP OWNED BY {role};
                    DROP ROLE {role};
                END IF;
            END $$"""
        )


async def _due(connection: AsyncConnection, now: datetime | None, besides: set[TenantId]) -> sa.Row[Any] | None:
    """The tenant that is due for the longest time and that nobody is deleting, locked until the transaction ends."""
    chosen = (
        sa.select(tenants)
        .where(tenants.c.delete_after <= (now or sa.func.now()), tenants.c.id.not_in(besides))
        .order_by(tenants.c.delete_after)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(chosen)).one_or_none()
