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
from tests.tenants import Tenant


@pytest.mark.parametrize("acting", [{"client_id": uuid7()}, {"impersonator_id": UserId(uuid7())}], ids=["app", "other"])
async def test_nobody_has_people_erased_in_their_name(
    sessions: Sessions, tenant: Tenant, acting: dict[str, Any]
) -> None:
    caller = replace(tenant.caller("users:manage"), **acting)
    async with unit_of_work(sessions, caller) as session:
        with pytest.raises(Forbidden):
            await data_requests.request_erasure(session, Attempt("requestErasure", None, {}), caller.require_user())
