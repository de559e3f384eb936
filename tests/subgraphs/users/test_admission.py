"""Whom a trusted identity provider brings becomes one of the tenant's people."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import Registry, tenants
from subgraphs.users.models import Invitation, User
from subgraphs.users.service.admission import Arrival, admit
from tests.registry import restored
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Control, Tenant


@pytest.fixture
async def registry(control: Control) -> AsyncGenerator[Registry]:
    """The directory of tenants, as the worker reads it."""
    registry = Registry.create(control.login_url("users"))
    yield registry
    await registry.aclose()


async def arrive(
    sessions: Sessions, tenant: Tenant, registry: Registry, role: Role = Role.LEARNER
) -> tuple[User | None, list[dict[str, Any]]]:
    """Ada comes through a provider; returns her, and what the others were told."""
    async with unit_of_work(sessions, tenant.caller()) as session:
        await admit(session, registry, Arrival(uuid7(), "subject", "ada@example.org", "Ada Lovelace", role))
    async with sessions.read(tenant.caller()) as session:
        ada = await session.scalar(sa.select(User).where(User.email == "ada@example.org"))
        return ada, list(await session.scalars(sa.select(OutboxRow.payload)))


class TestArrival:
    @pytest.mark.parametrize("role", [Role.LEARNER, Role.INSTRUCTOR])
    async def test_of_somebody_new_adds_what_the_provider_says(
        self, sessions: Sessions, tenant: Tenant, registry: Registry, role: Role
    ) -> None:
        ada, [told] = await arrive(sessions, tenant, registry, role)
        assert ada
        assert (ada.display_name, ada.role, ada.status) == ("Ada Lovelace", role, "ACTIVE")
        assert (told["user_id"], told["role"], told["subject"]) == (str(ada.id), role, "subject")

    async def test_of_somebody_invited_makes_them_what_the_latest_invitation_says(
        self, sessions: Sessions, tenant: Tenant, registry: Registry, add_user: AddUser
    ) -> None:
        invited = await add_user(tenant, "ada@example.org", status="INVITED", role="OWNER")
        soon = datetime.now(UTC) + timedelta(days=1)
        async with unit_of_work(sessions, tenant.caller()) as session:
            for role in ("OWNER", "INSTRUCTOR"):
                session.add(Invitation(batch_id=uuid7(), user_id=invited.id, role=role, expires_at=soon))
                await session.flush()
        ada, [told] = await arrive(sessions, tenant, registry)
        assert ada
        assert (ada.id, ada.status, ada.role, told["role"]) == (invited.id, "ACTIVE", "INSTRUCTOR", "INSTRUCTOR")

    async def test_of_somebody_whose_invitation_was_taken_back_adds_a_learner(
        self, sessions: Sessions, tenant: Tenant, registry: Registry, add_user: AddUser
    ) -> None:
        await add_user(tenant, "ada@example.org", status="INVITED", role="OWNER")
        ada, [told] = await arrive(sessions, tenant, registry)
        assert (ada and ada.role, told["role"]) == ("LEARNER", "LEARNER")

    async def test_of_somebody_deactivated_changes_nothing(
        self, sessions: Sessions, tenant: Tenant, registry: Registry, add_user: AddUser
    ) -> None:
        await add_user(tenant, "ada@example.org", status="DEACTIVATED")
        ada, [told] = await arrive(sessions, tenant, registry)
        assert (ada and ada.status, told["code"]) == ("DEACTIVATED", "ACCOUNT_DEACTIVATED")
        assert "user_id" not in told

    async def test_of_one_too_many_adds_nobody(
        self, control: Control, sessions: Sessions, tenant: Tenant, registry: Registry, add_user: AddUser
    ) -> None:
        await add_user(tenant, "bob@example.org")
        async with restored(control, tenant):
            async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
                full = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 1})
                await connection.execute(full)
            nobody, [told] = await arrive(sessions, tenant, registry)
            assert (nobody, told["code"], told["subject"]) == (None, "QUOTA_EXCEEDED", "subject")
