"""Signing up: with and without an invitation, twice, at the same time, and in vain."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events import Hub, acknowledgement_of
from shared.events.outbox import OutboxRow
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.policies import Policies, SignInPolicy
from shared.tenancy.registry import tenants
from subgraphs.users.models import Invitation, User
from subgraphs.users.service import addresses
from subgraphs.users.service import sign_up as service
from subgraphs.users.service.forgetting import forget_old
from tests.registry import restored
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Control, Tenant

SIGN_UP = """mutation ($input: SignUpInput!) {
  signUp(input: $input) { user { id displayName status } ready userErrors { code path } }
}"""
INVITE = """mutation ($input: InviteUsersInput!) {
  inviteUsers(input: $input) { invitations { code user { id } } }
}"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for an account that is not opened."""
    monkeypatch.setattr(service, "ACCOUNT_WAIT_SECONDS", 0.05)


def newcomer(tenant: Tenant, /, **changes: Any) -> dict[str, Any]:
    """The variables of a sign-up."""
    person = {"tenant": tenant.slug, "email": "ada@example.org", "displayName": "Ada", "password": "correct horse"}
    return {"input": {**person, **changes}}


async def told(sessions: Sessions, tenant: Tenant) -> list[OutboxRow]:
    """What the subgraph has told the others."""
    async with sessions.read(tenant.caller()) as session:
        return list(await session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq)))


async def invited(ask: Ask, tenant: Tenant, email: str, role: str) -> str:
    """The code of an invitation."""
    asked = {"input": {"emails": [email], "role": role}}
    answer = await ask(INVITE, asked, by=tenant.caller("users:invite", "roles:manage"))
    return answer["data"]["inviteUsers"]["invitations"][0]["code"]


@contextlib.asynccontextmanager
async def accounts_opened(sessions: Sessions, tenant: Tenant, hub: Hub) -> AsyncGenerator[None]:
    """The auth subgraph's part: each sign-up told is acknowledged."""

    async def acknowledge() -> None:
        seen: set[int] = set()
        while True:
            for row in await told(sessions, tenant):
                if row.seq not in seen:
                    seen.add(row.seq)
                    await hub.publish(acknowledgement_of(row.event_id, "auth"))
            await asyncio.sleep(0.01)

    running = asyncio.create_task(acknowledge())
    yield
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


class TestWithoutInvitation:
    async def test_makes_a_learner(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        answer = await ask(SIGN_UP, newcomer(tenant))
        signed_up = answer["data"]["signUp"]
        assert signed_up["user"]["status"] == "ACTIVE"
        assert signed_up["userErrors"] == []
        [event] = await told(sessions, tenant)
        assert event.topic == "users.user-signed-up.v1"
        assert event.payload["role"] == "LEARNER"
        assert event.payload["user_id"] == signed_up["user"]["id"]
        assert "argon2" not in str(event.payload)

    async def test_is_ready_once_the_account_is_open(
        self, ask: Ask, sessions: Sessions, tenant: Tenant, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "ACCOUNT_WAIT_SECONDS", 3.0)
        async with accounts_opened(sessions, tenant, hub):
            answer = await ask(SIGN_UP, newcomer(tenant))
        assert answer["data"]["signUp"]["ready"] is True

    async def test_is_not_ready_while_nobody_opens_the_account(self, ask: Ask, tenant: Tenant) -> None:
        answer = await ask(SIGN_UP, newcomer(tenant))
        assert answer["data"]["signUp"]["ready"] is False

    async def test_shows_nobodys_address_to_an_anonymous_caller(self, ask: Ask, tenant: Tenant) -> None:
        query = SIGN_UP.replace("displayName", "displayName email")
        answer = await ask(query, newcomer(tenant))
        assert "errors" not in answer
        assert answer["data"]["signUp"]["user"]["email"] is None

    async def test_nobody_takes_the_address_that_somebody_may_come_back_to(
        self, ask: Ask, sessions: Sessions, tenant: Tenant, add_user: AddUser
    ) -> None:
        ada = await add_user(tenant, email="ada@example.org")
        async with unit_of_work(sessions, tenant.caller()) as session:
            await addresses.change(session, ada.id, "ada@new.example")
        [refused] = (await ask(SIGN_UP, newcomer(tenant)))["data"]["signUp"]["userErrors"]
        assert refused["code"] == "EMAIL_TAKEN"
        async with unit_of_work(sessions, tenant.caller()) as session:
            await addresses.change(session, ada.id, "ada@example.org")
            await addresses.change(session, ada.id, "ada@new.example")
            await forget_old(session, datetime.now(UTC) + addresses.KEPT)
        assert (await ask(SIGN_UP, newcomer(tenant)))["data"]["signUp"]["userErrors"] == []

    @pytest.mark.parametrize("slug", ["", "a\0b", "a" * 5_000])
    async def test_no_tenant_has_a_slug_that_cannot_be_kept(self, ask: Ask, tenant: Tenant, slug: str) -> None:
        assert code_of(await ask(SIGN_UP, newcomer(tenant, tenant=slug))) == "TENANT_NOT_FOUND"

    async def test_an_address_is_taken_once(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        answers = await asyncio.gather(*(ask(SIGN_UP, newcomer(tenant, displayName=f"Ada {n}")) for n in range(4)))
        refused = [answer["data"]["signUp"]["userErrors"] for answer in answers if not answer["data"]["signUp"]["user"]]
        assert refused == [[{"code": "EMAIL_TAKEN", "path": ["input", "email"]}]] * 3
        assert len(await told(sessions, tenant)) == 1

    async def test_in_another_tenant_the_address_is_free(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        await add_user(other_tenant, "ada@example.org")
        answer = await ask(SIGN_UP, newcomer(tenant))
        assert answer["data"]["signUp"]["userErrors"] == []

    async def test_to_a_tenant_that_never_was_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(SIGN_UP, newcomer(tenant, tenant="nowhere"))) == "TENANT_NOT_FOUND"

    @pytest.mark.parametrize(
        "changes", [{"email": "ada"}, {"displayName": " "}, {"password": "short"}, {"password": "x" * 257}]
    )
    async def test_with_bad_input_is_refused(self, ask: Ask, tenant: Tenant, changes: dict[str, str]) -> None:
        assert code_of(await ask(SIGN_UP, newcomer(tenant, **changes))) == "BAD_USER_INPUT"


class TestSentAgain:
    async def test_gives_the_same_person(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        first = await ask(SIGN_UP, newcomer(tenant, idempotencyKey="k"))
        again = await ask(SIGN_UP, newcomer(tenant, idempotencyKey="k"))
        assert again == first
        assert len(await told(sessions, tenant)) == 1

    async def test_with_another_password_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        await ask(SIGN_UP, newcomer(tenant, idempotencyKey="k"))
        other = newcomer(tenant, idempotencyKey="k", password="battery staple")
        assert code_of(await ask(SIGN_UP, other)) == "IDEMPOTENCY_KEY_REUSED"

    async def test_with_another_input_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        await ask(SIGN_UP, newcomer(tenant, idempotencyKey="k"))
        other = newcomer(tenant, idempotencyKey="k", email="bob@example.org")
        assert code_of(await ask(SIGN_UP, other)) == "IDEMPOTENCY_KEY_REUSED"


class TestWhereTheTenantAsksForMore:
    @pytest.fixture(autouse=True)
    async def _asking(self, control: Control, tenant: Tenant) -> AsyncGenerator[None]:
        """Nobody joins by themselves, and passwords are long."""
        policy = SignInPolicy(open_sign_up=False, password_length=12)
        asked = sa.update(tenants).where(tenants.c.id == tenant.id)
        async with restored(control, tenant), control.admin() as admin:
            async with admin.engine(CONTROL_DATABASE).begin() as connection:
                await connection.execute(asked.values(policies=msgspec.to_builtins(Policies(sign_in=policy))))
            yield

    async def test_only_who_is_invited_joins(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        answer = await ask(SIGN_UP, newcomer(tenant))
        assert answer["data"]["signUp"]["userErrors"] == [{"code": "SIGN_UP_CLOSED", "path": None}]
        code = await invited(ask, tenant, "ada@example.org", "LEARNER")
        assert (await ask(SIGN_UP, newcomer(tenant, invitation=code)))["data"]["signUp"]["user"]

    async def test_a_shorter_password_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        code = await invited(ask, tenant, "ada@example.org", "LEARNER")
        short = newcomer(tenant, invitation=code, password="zebra lamp")
        assert code_of(await ask(SIGN_UP, short)) == "BAD_USER_INPUT"


class TestWithInvitation:
    async def test_claims_the_person_and_the_role(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        code = await invited(ask, tenant, "ada@example.org", "INSTRUCTOR")
        answer = await ask(SIGN_UP, newcomer(tenant, invitation=code))
        assert answer["data"]["signUp"]["user"]["displayName"] == "Ada"
        invitation, _, sign_up = await told(sessions, tenant)
        assert sign_up.payload["role"] == "INSTRUCTOR"
        assert sign_up.payload["user_id"] == invitation.payload["user_id"]

    async def test_is_used_once(self, ask: Ask, tenant: Tenant) -> None:
        code = await invited(ask, tenant, "ada@example.org", "LEARNER")
        answers = await asyncio.gather(*(ask(SIGN_UP, newcomer(tenant, invitation=code)) for _ in range(3)))
        assert sum(answer["data"]["signUp"]["user"] is not None for answer in answers) == 1

    async def test_of_somebody_else_is_refused(self, ask: Ask, tenant: Tenant) -> None:
        code = await invited(ask, tenant, "bob@example.org", "OWNER")
        answer = await ask(SIGN_UP, newcomer(tenant, invitation=code))
        assert answer["data"]["signUp"]["userErrors"] == [
            {"code": "INVITATION_INVALID", "path": ["input", "invitation"]}
        ]

    async def test_of_another_tenant_is_refused(self, ask: Ask, tenant: Tenant, other_tenant: Tenant) -> None:
        code = await invited(ask, other_tenant, "ada@example.org", "OWNER")
        answer = await ask(SIGN_UP, newcomer(tenant, invitation=code))
        assert answer["data"]["signUp"]["userErrors"][0]["code"] == "INVITATION_INVALID"

    async def test_expired_is_refused(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        code = await invited(ask, tenant, "ada@example.org", "LEARNER")
        async with unit_of_work(sessions, tenant.caller()) as session:
            await session.execute(sa.update(Invitation).values(expires_at=sa.func.now()))
        answer = await ask(SIGN_UP, newcomer(tenant, invitation=code))
        assert answer["data"]["signUp"]["userErrors"][0]["code"] == "INVITATION_INVALID"

    @pytest.mark.parametrize("code", ["", "forged", "A" * 43])
    async def test_forged_is_refused(self, ask: Ask, tenant: Tenant, code: str) -> None:
        answer = await ask(SIGN_UP, newcomer(tenant, invitation=code))
        assert answer["data"]["signUp"]["userErrors"][0]["code"] == "INVITATION_INVALID"

    async def test_an_invited_address_needs_its_invitation(self, ask: Ask, tenant: Tenant) -> None:
        await invited(ask, tenant, "ada@example.org", "OWNER")
        answer = await ask(SIGN_UP, newcomer(tenant))
        assert answer["data"]["signUp"]["userErrors"][0]["code"] == "EMAIL_TAKEN"

    async def test_invited_again_keeps_the_person(self, ask: Ask, sessions: Sessions, tenant: Tenant) -> None:
        await invited(ask, tenant, "ada@example.org", "LEARNER")
        code = await invited(ask, tenant, "ada@example.org", "INSTRUCTOR")
        await ask(SIGN_UP, newcomer(tenant, invitation=code))
        async with sessions.read(tenant.caller()) as session:
            [person] = await session.scalars(sa.select(User))
        assert person.role == "INSTRUCTOR"
