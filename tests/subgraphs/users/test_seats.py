"""A tenant has as many people as its quota lets it, whoever adds them."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import tenants
from subgraphs.users.service import sign_up as service
from tests.registry import restored
from tests.subgraphs.conftest import Ask
from tests.tenants import Control, Tenant

SIGN_UP = "mutation ($input: SignUpInput!) { signUp(input: $input) { userErrors { code } } }"
INVITE = "mutation ($input: InviteUsersInput!) { inviteUsers(input: $input) { userErrors { code } } }"


@pytest.mark.parametrize("together", [False, True], ids=["one by one", "at the same time"])
async def test_who_is_one_too_many_is_refused(
    control: Control, ask: Ask, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, *, together: bool
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

    async with restored(control, tenant):
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            few = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 2})
            await connection.execute(few)
        names = ("ann", "ben", "cem")
        refused = await asyncio.gather(*map(sign_up, names)) if together else [await sign_up(name) for name in names]
        assert sorted(map(str, refused)) == sorted(["[]", "[]", str([{"code": "QUOTA_EXCEEDED"}])])
        asked = {"input": {"emails": ["dee@example.org"], "role": "LEARNER"}}
        answer = await ask(INVITE, asked, by=tenant.caller("users:invite"))
        assert answer["data"]["inviteUsers"]["userErrors"] == [{"code": "QUOTA_EXCEEDED"}]
