"""Accounts: opened once, told once."""

import msgspec
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN
from shared.roles import Role
from shared.tenancy.registry import SignUp
from subgraphs.auth.consumers import HANDLERS
from subgraphs.auth.models import Account
from subgraphs.auth.service import accounts as service
from subgraphs.users.events import UserSignedUp
from tests.tenants import Tenant


async def told(sessions: Sessions, tenant: Tenant) -> list[str]:
    """The topics told so far."""
    async with sessions.read(tenant.caller()) as session:
        return list(await session.scalars(sa.select(OutboxRow.topic).order_by(OutboxRow.seq)))


class TestInstallOwner:
    async def test_opens_one_account_and_tells_it_once(self, sessions: Sessions, tenant: Tenant) -> None:
        new = SignUp(tenant.id, tenant.slug, "North", uuid7(), "ada@example.org", "Ada", sealed_password_hash="sealed")
        for _ in range(2):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await service.install_owner(session, new)
        assert await told(sessions, tenant) == ["auth.tenant-created.v1"]


class TestUserSignedUp:
    async def test_opens_one_account_and_tells_it_once(self, sessions: Sessions, tenant: Tenant) -> None:
        handler = HANDLERS["users.user-signed-up.v1"]
        event = UserSignedUp(
            tenant_id=tenant.id,
            user_id=uuid7(),
            email="ada@example.org",
            display_name="Ada",
            role=Role.INSTRUCTOR,
            sealed_password_hash="sealed",
        )
        payload = msgspec.json.decode(msgspec.json.encode(event), type=handler.payload)
        for _ in range(2):
            async with unit_of_work(sessions, tenant.caller()) as session:
                await handler.handle(session, payload)
        async with sessions.read(tenant.caller()) as session:
            [account] = await session.scalars(sa.select(Account))
        assert (account.user_id, account.role) == (event.user_id, "INSTRUCTOR")
        assert await told(sessions, tenant) == ["auth.account-opened.v1"]


class TestScopes:
    def test_every_role_may_learn(self) -> None:
        assert all("learn" in BUILT_IN[role] for role in Role)

    def test_a_learner_may_do_nothing_else(self) -> None:
        assert BUILT_IN[Role.LEARNER] == {"learn"}
