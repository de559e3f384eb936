"""A tenant has as many people as its quota lets it, whoever adds them."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import tenants
from subgraphs.users.consumers import HANDLERS
from subgraphs.users.events import QuotaReached
from subgraphs.users.service import sign_up as service
from subgraphs.users.store.people import UserStore
from tests.registry import restored
from tests.subgraphs.conftest import Ask
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Control, Tenant

SIGN_UP = "mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }"
INVITE = "mutation ($input: InviteUsersInput!) { inviteUsers(input: $input) { userErrors { code } } }"


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "at the same time"])
async def test_who_is_one_too_many_is_refused(
    control: Control,
    ask: Ask,
    tenant: Tenant,
    sessions: Sessions,
    add_user: AddUser,
    monkeypatch: pytest.MonkeyPatch,
    *,
    together: bool,
) -> None:
    monkeypatch.setattr(service, "ACCOUNT_WAIT_SECONDS", 0.05)

    async def sign_up(name: str) -> list[dict[str, Any]]:
        person = {
            "tenant": tenant.slug,
            "email": f"{name}@example.org",
            "displayName": name,
            "password": "plain tin whistle 41",
        }
        return (await ask(SIGN_UP, {"input": person}))["data"]["signUp"]["userErrors"]

    owner = await add_user(tenant, "owner@example.org", role="OWNER")
    async with restored(control, tenant):
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            few = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 3})
            await connection.execute(few)
        names = ("ann", "ben", "cem")
        refused = await asyncio.gather(*map(sign_up, names)) if together else [await sign_up(name) for name in names]
        assert sorted(map(str, refused)) == sorted(["[]", "[]", str([{"code": "QUOTA_EXCEEDED"}])])
        asked = {"input": {"emails": ["dee@example.org"], "role": "LEARNER"}}
        answer = await ask(INVITE, asked, by=tenant.caller("users:invite"))
        assert answer["data"]["inviteUsers"]["userErrors"] == [{"code": "QUOTA_EXCEEDED"}]
    assert await told(sessions, tenant) == [("users", 3, 3, [str(owner.id)])], "once, by who took the last place"


async def test_owners_are_told_of_a_quota_that_another_subgraph_has_found_used_up(
    sessions: Sessions, tenant: Tenant, add_user: AddUser
) -> None:
    for name, values in (("ann", {}), ("ben", {"role": "OWNER"}), ("cem", {"role": "OWNER", "status": "DEACTIVATED"})):
        await add_user(tenant, f"{name}@example.org", **values)
    handler = HANDLERS["content.quota-exceeded.v1"]
    async with unit_of_work(sessions, tenant.caller()) as session:
        await handler.handle(session, handler.payload(measure="storage_bytes", limit=100, used=90))
        [ben] = await UserStore(session).owners(limit=5)
        user = await UserStore(session).get(ben)
        assert user
        assert user.email == "ben@example.org"
    assert await told(sessions, tenant) == [("storage_bytes", 100, 90, [str(ben)])]


async def told(sessions: Sessions, tenant: Tenant) -> list[tuple[str, int, int, list[str]]]:
    """What owners were told of quotas."""
    async with sessions.read(tenant.caller()) as session:
        kept = await session.scalars(sa.select(OutboxRow.payload).where(OutboxRow.topic == QuotaReached.topic))
        return [(each["measure"], each["limit"], each["used"], each["owner_ids"]) for each in kept]
