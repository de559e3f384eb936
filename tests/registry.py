"""Tenants of the registry whose records a test has changed, as they were made."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import sqlalchemy as sa

from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import TenantStatus, tenants
from tests.tenants import Control, Tenant

_AS_MADE: Final[dict[str, Any]] = {
    "status": TenantStatus.ACTIVE,
    "features": [],
    "region": None,
    "version": 1,
    "branding": {},
    "flags": {},
    "quotas": {},
    "ceilings": {},
    "policies": {},
    "delete_after": None,
    "untold": False,
    "name": tenants.c.slug,
}


@asynccontextmanager
async def restored(control: Control, *changed: Tenant) -> AsyncGenerator[None]:
    """Their records are what they were when the block ends; what hangs on them is gone."""
    try:
        yield
    finally:
        ids = [one.id for one in changed]
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            await connection.execute(sa.update(tenants).where(tenants.c.id.in_(ids)).values(_AS_MADE))
            for table in ("tenant_domain", "tenant_usage", "tenant_job"):
                hanging = sa.table(table, sa.column("tenant_id", sa.Uuid), schema="control")
                await connection.execute(sa.delete(hanging).where(hanging.c.tenant_id.in_(ids)))
