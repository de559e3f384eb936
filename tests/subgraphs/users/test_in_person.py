"""What somebody asks about their own data, they ask themselves."""

from dataclasses import replace
from typing import Any

import pytest

from shared.caller import UserId
from shared.database import Sessions, unit_of_work
from shared.errors import Forbidden
from shared.idempotency import Attempt
from shared.ids import uuid7
from subgraphs.users.service import data_requests
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant


@pytest.mark.parametrize("acting", [{"client_id": uuid7()}, {"impersonator_id": UserId(uuid7())}], ids=["app", "other"])
async def test_nobody_has_people_erased_in_their_name(
    sessions: Sessions, tenant: Tenant, acting: dict[str, Any]
) -> None:
    caller = replace(tenant.caller("users:manage"), **acting)
    async with unit_of_work(sessions, caller) as session:
        with pytest.raises(Forbidden):
            await data_requests.request_erasure(session, Attempt("requestErasure", None, {}), caller.require_user())


class TestAnApp:
    async def test_knows_of_the_person_what_it_was_granted(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        ada = await add_user(tenant, "ada@example.org", preferences={"theme": "DARK"})
        asked = "{ me { email customFields { value } relationships { id } displayPreferences { theme } } }"
        shown = [
            (await ask(asked, by=replace(tenant.caller(*scopes, user_id=ada.id), client_id=uuid7())))["data"]["me"]
            for scopes in (["openid", "learn"], ["openid", "email"], ["users:read"])
        ]
        assert [one["email"] for one in shown] == [None, "ada@example.org", "ada@example.org"]
        assert [one["customFields"] for one in shown] == [None, None, []]
        assert [one["relationships"] for one in shown] == [None, None, []]
        assert [one["displayPreferences"] for one in shown] == [None, None, None]

    async def test_changes_no_profile_unless_it_may_change_everybodys(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        rename = 'mutation { updateProfile(input: {displayName: "Eve"}) { user { displayName } } }'
        app = replace(tenant.caller("openid", "learn", user_id=ada.id), client_id=uuid7())
        assert code_of(await ask(rename, by=app)) == "FORBIDDEN"
        prefer = "mutation { setPreferences(input: {weekStartsOn: 1}) { user { id } } }"
        assert code_of(await ask(prefer, by=app)) == "FORBIDDEN"
