"""A tenant's people change its record, and no other tenant's, whatever a statement says."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from shared.caller import TenantId
from shared.errors import TenantNotFound, VersionConflict
from shared.ids import uuid7
from shared.tenancy.own_record import change_own
from shared.tenancy.registry import Registry, TenantRecord, tenants
from tests.registry import restored
from tests.tenants import Control, Tenant


@pytest.fixture(autouse=True)
async def _restored(control: Control, tenant: Tenant, other_tenant: Tenant) -> AsyncGenerator[None]:
    """The tenants are other tests' afterwards."""
    async with restored(control, tenant, other_tenant):
        yield


@pytest.fixture
async def registry(control: Control) -> AsyncGenerator[Registry]:
    """As the auth subgraph has it."""
    opened = Registry.create(control.login_url("auth"), pool_size=4)
    yield opened
    await opened.aclose()


def renamed(name: str) -> Any:
    def alter(_: TenantRecord) -> Mapping[str, Any]:
        return {"name": name}

    return alter


class TestOwnRecord:
    async def test_a_change_is_one_version_more(self, registry: Registry, tenant: Tenant) -> None:
        before = await registry.by_id(tenant.id)
        assert before
        changed = await change_own(registry, tenant.caller(), renamed("New"), expected_version=before.version)
        assert (changed.name, changed.version) == ("New", before.version + 1)
        assert await registry.by_id(tenant.id) == changed

    async def test_what_was_read_before_is_refused(self, registry: Registry, tenant: Tenant) -> None:
        changed = await change_own(registry, tenant.caller(), renamed("First"))
        with pytest.raises(VersionConflict):
            await change_own(registry, tenant.caller(), renamed("Late"), expected_version=changed.version - 1)

    async def test_changes_at_the_same_time_are_all_made(self, registry: Registry, tenant: Tenant) -> None:
        before = await registry.by_id(tenant.id)
        assert before

        def note(key: str) -> Any:
            return renamed(f"Name {key}")

        await asyncio.gather(*(change_own(registry, tenant.caller(), note(str(one))) for one in range(4)))
        after = await registry.by_id(tenant.id)
        assert after
        assert after.version == before.version + 4

    async def test_a_tenant_that_is_not_there_has_no_record(self, registry: Registry) -> None:
        with pytest.raises(TenantNotFound):
            await change_own(registry, Tenant(TenantId(uuid7()), "nowhere").caller(), renamed("Nobody"))

    async def test_row_security_keeps_a_statement_without_a_condition_from_other_tenants(
        self, registry: Registry, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        async with registry.acting_for(tenant.caller()) as connection:
            await connection.execute(sa.update(tenants).values(name="Everybody"))
        untouched, touched = await registry.by_id(other_tenant.id), await registry.by_id(tenant.id)
        assert untouched
        assert touched
        assert (touched.name, untouched.name) == ("Everybody", other_tenant.slug)

    @pytest.mark.parametrize("column", ["status", "plan", "ceilings", "features", "delete_after"])
    async def test_what_the_operator_settles_is_not_theirs(
        self, registry: Registry, tenant: Tenant, column: str
    ) -> None:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with registry.acting_for(tenant.caller()) as connection:
                await connection.execute(sa.update(tenants).values({column: sa.text("DEFAULT")}))
