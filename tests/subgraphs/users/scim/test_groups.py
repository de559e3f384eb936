"""Groups are the tenant's own: a directory makes them, and says who is in them."""

from typing import Any

import sqlalchemy as sa
from httpx2 import AsyncClient

from shared.database import Sessions
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from tests.subgraphs.conftest import Ask
from tests.subgraphs.users.conftest import AddUser
from tests.subgraphs.users.scim.conftest import GROUP, patch
from tests.tenants import Tenant


async def test_people_are_put_in_and_taken_out(
    scim: AsyncClient, add_user: AddUser, tenant: Tenant, sessions: Sessions, ask: Ask
) -> None:
    ada, bob, cem = [str((await add_user(tenant, f"{name}@example.org")).id) for name in ("ada", "bob", "cem")]
    body: dict[str, Any] = {"schemas": [GROUP], "displayName": "Choir", "externalId": "c", "members": [{"value": ada}]}
    choir = (await scim.post("/Groups", json=body)).json()
    path = f"/Groups/{choir['id']}"
    steps: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({"op": "add", "path": "members", "value": [{"value": bob}, {"value": ada}]}, [ada, bob]),
        ({"op": "Add", "path": "members", "value": [{"value": cem}]}, [ada, bob, cem]),
        ({"op": "remove", "path": f'members[value eq "{ada}"]'}, [bob, cem]),
        ({"op": "Remove", "path": "members", "value": [{"value": bob}]}, [cem]),
        ({"op": "replace", "value": {"members": [{"value": ada}]}}, [ada]),
        ({"op": "remove", "path": "members"}, []),
    )
    for operation, members in steps:
        shown = (await scim.patch(path, json=patch(operation))).json()
        assert [one["value"] for one in shown.get("members", [])] == members, operation
    renamed = await scim.put(path, json={"schemas": [GROUP], "displayName": "Band", "members": [{"value": cem}]})
    assert (renamed.json()["displayName"], renamed.json().get("externalId")) == ("Band", None)
    groups = (await scim.get(f"/Users/{cem}")).json()["groups"]
    assert groups == [{"value": choir["id"], "$ref": choir["meta"]["location"], "display": "Band"}]
    async with sessions.read(tenant.caller()) as session:
        rows = await session.scalars(sa.select(OutboxRow.payload).order_by(OutboxRow.seq))
        told = [(row["added"], row["removed"]) for row in rows]
    assert told[0] == ([ada], [])
    assert told[-1] == ([cem], [])
    query = "query ($id: ID!) { group(id: $id) { name memberCount } }"
    answer = await ask(query, {"id": choir["id"]}, by=tenant.caller("users:read"))
    assert answer["data"]["group"] == {"name": "Band", "memberCount": 1}
    assert (await scim.delete(path)).status_code == 204
    assert (await scim.get(path)).status_code == 404


async def test_what_a_group_cannot_be_is_refused(scim: AsyncClient) -> None:
    choir: dict[str, Any] = {"schemas": [GROUP], "displayName": "Choir", "externalId": "c"}
    made = (await scim.post("/Groups", json=choir)).json()
    band = (await scim.post("/Groups", json=choir | {"displayName": "Band", "externalId": "b"})).json()
    for change in ({"externalId": "d"}, {"displayName": "Orchestra"}):
        assert (await scim.post("/Groups", json=choir | change)).json()["scimType"] == "uniqueness"
        assert (await scim.put(f"/Groups/{band['id']}", json=choir | change)).json()["scimType"] == "uniqueness"
    for member in (str(uuid7()), made["id"], "nobody"):
        op = {"op": "add", "path": "members", "value": [{"value": member}]}
        refused = await scim.patch(f"/Groups/{made['id']}", json=patch(op))
        assert (refused.status_code, refused.json()["scimType"]) == (400, "invalidValue")
    stale = {"if-match": 'W/"7"'}
    assert (await scim.delete(f"/Groups/{made['id']}", headers=stale)).status_code == 412
    assert (await scim.post("/Groups", json={"schemas": [GROUP]})).status_code == 400
