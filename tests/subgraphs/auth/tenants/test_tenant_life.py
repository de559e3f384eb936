"""A tenant's own people close it and open it again; the worker does what they have ordered."""

import time
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.tenancy.changes import Change, DeletionDue, change_tenant
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.orders import Orders
from shared.tenancy.registry import TenantStatus, tenants
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.conftest import code_of
from tests.tenants import Control, Tenant

RESUME = "mutation($input: ResumeTenantInput!) { resumeTenant(input: $input) { slug userErrors { code } } }"


@pytest.fixture
def owner(tenant: Tenant) -> Caller:
    """Who has just proved who they are."""
    return replace(tenant.caller("tenant:manage", role="OWNER"), auth_time=int(time.time()))


async def carried_out(control: Control) -> None:
    """What the worker does when it is woken."""
    async with control.admin() as admin:
        await Orders(admin.engine(CONTROL_DATABASE)).sweep()


async def operated(control: Control, tenant: Tenant, status: TenantStatus) -> None:
    """The operator suspends or resumes."""
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
        await change_tenant(connection, tenant.slug, Change(status))


async def record(control: Control, tenant: Tenant) -> Any:
    """The tenant's row."""
    async with control.admin() as admin, admin.engine(CONTROL_DATABASE).connect() as connection:
        return (await connection.execute(sa.select(tenants).where(tenants.c.id == tenant.id))).one()


async def closed(change: Ask, field: str, tenant: Tenant, owner: Caller) -> dict[str, Any]:
    """The payload of closing the tenant."""
    shown = "job { id kind state } resumeCode"
    return (await change(field, {"confirmSlug": tenant.slug}, shown, by=owner))["data"][field]


async def resumed(ask: Ask, slug: str, code: str) -> list[dict[str, str]]:
    """What is said against opening a tenant, by somebody without a token."""
    return (await ask(RESUME, {"input": {"slug": slug, "code": code}}))["data"]["resumeTenant"]["userErrors"]


class TestClosing:
    async def test_a_suspended_tenant_is_opened_by_its_code_once(
        self, change: Ask, ask: Ask, control: Control, tenant: Tenant, owner: Caller
    ) -> None:
        payload = await closed(change, "suspendTenant", tenant, owner)
        assert payload["job"] | {"id": ""} == {"id": "", "kind": "SUSPEND", "state": "WAITING"}
        await carried_out(control)
        row = await record(control, tenant)
        assert (row.status, row.untold) == (TenantStatus.SUSPENDED, True)
        assert await resumed(ask, tenant.slug, payload["resumeCode"]) == []
        await carried_out(control)
        assert (await record(control, tenant)).status == TenantStatus.ACTIVE
        assert await resumed(ask, tenant.slug, payload["resumeCode"]) == [{"code": "RESUME_CODE_INVALID"}]

    async def test_a_deletion_is_due_after_thirty_days_and_can_be_taken_back(
        self, change: Ask, ask: Ask, control: Control, tenant: Tenant, owner: Caller
    ) -> None:
        payload = await closed(change, "deleteTenant", tenant, owner)
        await carried_out(control)
        row = await record(control, tenant)
        assert row.status == TenantStatus.SUSPENDED
        assert row.delete_after is not None
        await resumed(ask, tenant.slug, payload["resumeCode"])
        await carried_out(control)
        assert (await record(control, tenant)).delete_after is None

    async def test_what_is_due_is_not_opened_again_for_it_may_be_half_gone(
        self, change: Ask, ask: Ask, control: Control, tenant: Tenant, owner: Caller
    ) -> None:
        payload = await closed(change, "deleteTenant", tenant, owner)
        await carried_out(control)
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            due = sa.update(tenants).where(tenants.c.id == tenant.id).values(delete_after=sa.func.now())
            await connection.execute(due)
        assert await resumed(ask, tenant.slug, payload["resumeCode"]) == []
        await carried_out(control)
        assert (await record(control, tenant)).status == TenantStatus.SUSPENDED
        with pytest.raises(DeletionDue):
            await operated(control, tenant, TenantStatus.ACTIVE)

    async def test_another_slug_is_not_confirmed(self, change: Ask, other_tenant: Tenant, owner: Caller) -> None:
        for field in ("suspendTenant", "deleteTenant"):
            answer = await change(field, {"confirmSlug": other_tenant.slug}, "job { id }", by=owner)
            assert code_of(answer) == "BAD_USER_INPUT"

    async def test_it_takes_the_permission_and_a_fresh_proof(self, change: Ask, tenant: Tenant, owner: Caller) -> None:
        given = {"confirmSlug": tenant.slug}
        for field in ("suspendTenant", "deleteTenant"):
            stale = replace(owner, auth_time=0)
            assert code_of(await change(field, given, "job { id }", by=stale)) == "STEP_UP_REQUIRED"
            learner = replace(owner, scopes=frozenset({"learn"}))
            assert code_of(await change(field, given, "job { id }", by=learner)) == "FORBIDDEN"

    async def test_an_order_is_read_in_its_own_tenant_alone(
        self, change: Ask, ask: Ask, token_of: Any, tenant: Tenant, other_tenant: Tenant, owner: Caller
    ) -> None:
        job = (await closed(change, "suspendTenant", tenant, owner))["job"]["id"]
        for caller, seen in ((owner, {"kind": "SUSPEND"}), (other_tenant.caller("tenant:manage"), None)):
            asked = "query($id: ID!) { tenantJob(id: $id) { kind } }"
            assert (await ask(asked, {"id": job}, token=token_of(caller)))["data"]["tenantJob"] == seen


class TestCodes:
    async def test_one_of_another_tenant_or_made_up_opens_nothing(
        self, change: Ask, ask: Ask, control: Control, tenant: Tenant, other_tenant: Tenant, owner: Caller
    ) -> None:
        code = (await closed(change, "suspendTenant", tenant, owner))["resumeCode"]
        await operated(control, other_tenant, TenantStatus.SUSPENDED)
        for slug, tried in ((other_tenant.slug, code), (tenant.slug, "A" * len(code)), ("nobody-there", code)):
            assert await resumed(ask, slug, tried) == [{"code": "RESUME_CODE_INVALID"}]

    async def test_what_the_operator_has_closed_since_stays_closed(
        self, change: Ask, ask: Ask, control: Control, tenant: Tenant, owner: Caller
    ) -> None:
        code = (await closed(change, "suspendTenant", tenant, owner))["resumeCode"]
        await carried_out(control)
        await resumed(ask, tenant.slug, code)
        await operated(control, tenant, TenantStatus.SUSPENDED)
        await carried_out(control)
        assert (await record(control, tenant)).status == TenantStatus.SUSPENDED
        assert await resumed(ask, tenant.slug, code) == [{"code": "RESUME_CODE_INVALID"}]
