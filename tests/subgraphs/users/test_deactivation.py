"""People are deactivated, and let in again."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import tenants
from subgraphs.users.models import UserStatus
from tests.registry import restored
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Control, Tenant

_MUTATION = """mutation ($input: UserActivationInput!) {
  %s(input: $input) { user { status version } userErrors { code } }
}"""


@pytest.fixture
def manager(tenant: Tenant) -> Caller:
    """Whoever manages the tenant's people."""
    return tenant.caller("users:manage", "users:read")


async def change(ask: Ask, what: str, by: Caller, user_id: Any, **more: Any) -> dict[str, Any]:
    """Deactivate or reactivate somebody."""
    answer = await ask(_MUTATION % what, {"input": {"userId": str(user_id), **more}}, by=by)
    return answer["data"][what] if answer.get("data") and answer["data"][what] else {"error": code_of(answer)}


async def told(sessions: Sessions, tenant: Tenant) -> Sequence[str]:
    """The topics of what the subgraph has told the others."""
    async with sessions.read(tenant.caller()) as session:
        return (await session.scalars(sa.select(OutboxRow.topic).order_by(OutboxRow.seq))).all()


async def test_somebody_is_deactivated_once_and_gets_back_what_they_were(
    ask: Ask, manager: Caller, add_user: AddUser, sessions: Sessions, tenant: Tenant
) -> None:
    for number, was in enumerate((UserStatus.ACTIVE, UserStatus.INVITED)):
        ada = await add_user(tenant, f"{number}@example.org", status=was)
        for _ in range(2):
            answer = await change(ask, "deactivateUser", manager, ada.id)
            assert answer == {"user": {"status": "DEACTIVATED", "version": 2}, "userErrors": []}
        for _ in range(2):
            answer = await change(ask, "reactivateUser", manager, ada.id)
            assert answer == {"user": {"status": was, "version": 3}, "userErrors": []}
    assert await told(sessions, tenant) == ["users.user-deactivated.v1", "users.user-reactivated.v1"] * 2


async def test_the_last_active_owner_stays(ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant) -> None:
    ada, bob = [await add_user(tenant, f"{name}@example.org", role=Role.OWNER) for name in ("ada", "bob")]
    owner = tenant.caller(*BUILT_IN[Role.OWNER])
    assert (await change(ask, "deactivateUser", manager, ada.id))["userErrors"] == [{"code": "PERMISSION_NOT_HELD"}]
    assert (await change(ask, "deactivateUser", owner, ada.id))["userErrors"] == []
    assert (await change(ask, "deactivateUser", owner, bob.id))["userErrors"] == [{"code": "LAST_OWNER"}]


async def test_only_a_manager_of_the_same_tenant_may(
    ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant, other_tenant: Tenant
) -> None:
    ada = await add_user(tenant, "ada@example.org")
    for what in ("deactivateUser", "reactivateUser"):
        assert await change(ask, what, tenant.caller("users:read", user_id=ada.id), ada.id) == {"error": "FORBIDDEN"}
        assert await change(ask, what, other_tenant.caller("users:manage"), ada.id) == {"error": "NOT_FOUND"}
        stale = await change(ask, what, manager, ada.id, expectedVersion=7)
        assert stale["userErrors"] == [{"code": "VERSION_CONFLICT"}]


async def test_whoever_is_let_in_again_needs_a_place(
    ask: Ask, manager: Caller, add_user: AddUser, control: Control, tenant: Tenant
) -> None:
    ada = await add_user(tenant, "ada@example.org")
    async with restored(control, tenant):
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            few = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 1})
            await connection.execute(few)
        await change(ask, "deactivateUser", manager, ada.id)
        await add_user(tenant, "bob@example.org")
        refused = await change(ask, "reactivateUser", manager, ada.id)
        assert (refused["user"], refused["userErrors"]) == (None, [{"code": "QUOTA_EXCEEDED"}])
