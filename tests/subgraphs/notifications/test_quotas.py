"""Owners are told when nothing is left of what their tenant may have."""

from typing import Any

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from subgraphs.notifications.consumers import HANDLERS
from subgraphs.notifications.service import channel_of
from tests.subgraphs.conftest import Ask
from tests.tenants import Tenant

HANDLER = HANDLERS["users.quota-reached.v1"]
INBOX = "{ inbox { edges { node { id kind title body } } } }"
MARK = "mutation ($ids: [ID!]!) { markRead(input: {ids: $ids}) { userErrors { code } } }"


async def reached(sessions: Sessions, tenant: Tenant, measure: str, *owners: Caller) -> list[str]:
    """Handle an event as the consumer does; returns whom it wakes."""
    told = {"event_id": uuid7(), "tenant_id": tenant.id, "measure": measure, "limit": 2000, "used": 2000}
    event = HANDLER.payload(**told, owner_ids=tuple(owner.require_user() for owner in owners))
    async with unit_of_work(sessions, tenant.caller()) as session:
        await HANDLER.handle(session, event)
    return [*HANDLER.wakes(event)] if HANDLER.wakes else []


async def inbox(ask: Ask, by: Caller) -> list[dict[str, Any]]:
    return [edge["node"] for edge in (await ask(INBOX, by=by))["data"]["inbox"]["edges"]]


async def test_each_owner_is_told_and_not_again_before_they_have_read_it(
    ask: Ask, sessions: Sessions, tenant: Tenant
) -> None:
    ada, bob = tenant.caller(), tenant.caller()
    woken = await reached(sessions, tenant, "users", ada, bob)
    assert woken == [channel_of(tenant.id, owner.require_user()) for owner in (ada, bob)]
    [first] = await inbox(ask, ada)
    assert (first["kind"], first["title"]) == ("QUOTA_REACHED", "There is no place left for more people")
    assert first["body"] == "2,000 people have an account or an invitation, of 2,000 at most."
    await ask(MARK, {"ids": [first["id"]]}, by=ada)
    for measure in ("users", "storage_bytes", "something of a later version"):
        await reached(sessions, tenant, measure, ada, bob)
    assert [len(await inbox(ask, owner)) for owner in (ada, bob)] == [3, 2]
