"""People are added, changed, taken away and brought back by their directory."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from httpx2 import AsyncClient

from shared.database import Sessions, unit_of_work
from shared.events.outbox import OutboxRow
from shared.ids import uuid7
from shared.roles import Role
from shared.tenancy.names import CONTROL_DATABASE
from shared.tenancy.registry import tenants
from subgraphs.users.models import Invitation, UserStatus
from tests.registry import restored
from tests.subgraphs.users.conftest import AddUser
from tests.subgraphs.users.scim.conftest import patch, person
from tests.tenants import Control, Tenant


async def add(scim: AsyncClient, user_name: str, /, **more: Any) -> dict[str, Any]:
    """Add somebody."""
    answer = await scim.post("/Users", json=person(user_name, **more))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def told(sessions: Sessions, tenant: Tenant) -> Sequence[str]:
    """What the subgraph has told the others."""
    async with sessions.read(tenant.caller()) as session:
        topics = await session.scalars(sa.select(OutboxRow.topic).order_by(OutboxRow.seq))
        return [topic.removeprefix("users.user-").removesuffix(".v1") for topic in topics]


async def test_somebody_is_added_changed_and_let_in_no_more(
    scim: AsyncClient, sessions: Sessions, tenant: Tenant
) -> None:
    ada = await add(scim, "Ada", externalId="A-1", name={"givenName": "Ada", "familyName": "Byron"}, unknown="x")
    location = ada["meta"]["location"]
    assert location.endswith(f"/t/{tenant.slug}/scim/v2/Users/{ada['id']}")
    assert (ada["active"], ada["userName"], ada["externalId"]) == (True, "Ada", "A-1")
    path = f"/Users/{ada['id']}"
    changed = await scim.put(path, json=person("Ada", title="Dr", emails=[{"value": "New@Example.org"}]))
    assert changed.status_code == 200
    assert {"externalId", "name"}.isdisjoint(changed.json())
    assert changed.json()["emails"] == [{"value": "New@Example.org"}]
    again = await scim.put(path, json=person("Ada", title="Dr", emails=[{"value": "New@Example.org"}]))
    assert again.json() == changed.json()
    for active in (False, False, True):
        answer = await scim.patch(path, json=patch({"op": "Replace", "path": "active", "value": active}))
        assert answer.json()["active"] is active
    assert await told(sessions, tenant) == [
        "provisioned", "updated", "email-changed", "updated", "updated", "deactivated", "updated", "reactivated",
    ]  # fmt: skip


async def test_whoever_is_taken_away_is_gone_and_comes_back_as_themselves(
    scim: AsyncClient, add_user: AddUser, tenant: Tenant
) -> None:
    ada, bob = await add(scim, "ada"), await add_user(tenant, "bob@example.org")
    for id_ in (ada["id"], bob.id):
        assert (await scim.delete(f"/Users/{id_}")).status_code == 204
        assert (await scim.get(f"/Users/{id_}")).status_code == 404
        assert (await scim.delete(f"/Users/{id_}")).status_code == 404
    assert (await scim.get("/Users")).json()["totalResults"] == 0
    back = await add(scim, "Ada", title="Dr")
    assert (back["id"], back["active"], back["title"]) == (ada["id"], True, "Dr")
    assert (await add(scim, "b", emails=[{"value": "bob@example.org"}]))["id"] == str(bob.id)


async def test_nobody_is_here_twice(scim: AsyncClient, add_user: AddUser, tenant: Tenant) -> None:
    await add_user(tenant, "dee@example.org")
    await add(scim, "Ada", externalId="A-1")
    bob = await add(scim, "bob")
    taken = (
        person("ADA", emails=[{"value": "x@example.org"}]),
        person("x", emails=[{"value": "ADA@example.org"}]),
        person("x", externalId="A-1"),
        person("dee@example.org", emails=[{"value": "x@example.org"}]),
    )
    for one in taken:
        for answer in (await scim.post("/Users", json=one), await scim.put(f"/Users/{bob['id']}", json=one)):
            assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


async def test_what_a_person_cannot_be_is_refused(scim: AsyncClient) -> None:
    wrong: tuple[dict[str, Any], ...] = (
        {"emails": []},
        {"emails": [{"value": "nobody"}]},
        {"userName": " "},
        {"userName": "x" * 201},
        {"displayName": "a\u202eb"},
        {"title": "a\u0000b"},
        {"title": "x" * 1001},
        {"active": "perhaps"},
        {"emails": [{"value": f"a{n}@example.org"} for n in range(21)]},
        {"emails": [{"value": f"a{n}@example.org", "primary": True} for n in range(2)]},
    )
    for change in wrong:
        answer = await scim.post("/Users", json={**person("ada"), **change})
        assert (answer.status_code, answer.json().get("scimType")) == (400, "invalidValue"), change
    assert (await scim.get("/Users")).json()["totalResults"] == 0


async def test_a_patch_is_done_in_all_its_forms_or_not_at_all(scim: AsyncClient) -> None:
    ada = await add(scim, "ada", title="Ms", name={"givenName": "Ada"})
    path = f"/Users/{ada['id']}"
    urn = "urn:ietf:params:scim:schemas:core:2.0:User"
    steps: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"op": "replace", "value": {"title": "Dr", "name.familyName": "Byron"}}, {"title": "Dr"}),
        ({"op": "replace", "path": f"{urn}:title", "value": "Prof"}, {"title": "Prof"}),
        ({"op": "add", "path": "name.givenName", "value": "A."}, {"name": {"givenName": "A.", "familyName": "Byron"}}),
        ({"op": "remove", "path": "title"}, {"title": None}),
        (
            {"op": "add", "path": "emails", "value": [{"value": "a@work.example", "type": "work"}]},
            {"emails": [{"value": "ada@example.org", "primary": True}, {"value": "a@work.example", "type": "work"}]},
        ),
        (
            {"op": "replace", "path": 'emails[type eq "work"].primary', "value": True},
            {"emails": [
                {"value": "ada@example.org", "primary": False},
                {"value": "a@work.example", "type": "work", "primary": True},
            ]},
        ),
        (
            {"op": "remove", "path": 'emails[value eq "ada@example.org"]'},
            {"emails": [{"value": "a@work.example", "type": "work", "primary": True}]},
        ),
    )  # fmt: skip
    for operation, expected in steps:
        answer = await scim.patch(path, json=patch(operation))
        assert answer.status_code == 200, answer.text
        shown = answer.json()
        assert {name: shown.get(name) for name in expected} == expected
    before = (await scim.get(path)).json()
    refused: tuple[tuple[dict[str, Any], str | None], ...] = (
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "remove", "path": "emails"}, "mutability"),
        ({"op": "replace", "path": "emails[value eq", "value": "x"}, "invalidPath"),
        ({"op": "move", "path": "title", "value": "x"}, "invalidValue"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
    )
    good = {"op": "replace", "path": "title", "value": "changed"}
    for operation, kind in refused:
        answer = await scim.patch(path, json=patch(good, operation))
        assert (answer.status_code, answer.json().get("scimType")) == (400, kind), operation
    assert (await scim.get(path)).json() == before


async def test_a_change_of_what_was_changed_since_is_refused(scim: AsyncClient) -> None:
    ada = await add(scim, "ada")
    path, version = f"/Users/{ada['id']}", ada["meta"]["version"]
    first = await scim.get(path, headers={"if-none-match": version})
    assert (first.status_code, first.headers["etag"]) == (304, version)
    op = patch({"op": "replace", "path": "title", "value": "Dr"})
    assert (await scim.patch(path, json=op, headers={"if-match": version})).status_code == 200
    stale = {"if-match": version}
    answers = (
        await scim.patch(path, json=op, headers=stale),
        await scim.put(path, json=person("ada"), headers=stale),
        await scim.delete(path, headers=stale),
    )
    assert [answer.status_code for answer in answers] == [412, 412, 412]
    assert (await scim.get(path, headers=stale | {"if-none-match": version})).status_code == 200


async def test_an_owner_keeps_their_address_and_the_last_one_stays(
    scim: AsyncClient, add_user: AddUser, sessions: Sessions, tenant: Tenant
) -> None:
    """Whoever may say where an owner's mail goes could choose their password."""
    ada = await add_user(tenant, "ada@example.org", role=Role.OWNER)
    path = f"/Users/{ada.id}"
    answer = await scim.put(path, json=person("ada@example.org", emails=[{"value": "eve@example.org"}]))
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    bob = await add_user(tenant, "bob@example.org", status=UserStatus.INVITED)
    async with unit_of_work(sessions, tenant.caller()) as session:
        soon = datetime.now(UTC) + timedelta(days=1)
        session.add(Invitation(batch_id=uuid7(), user_id=bob.id, role=Role.OWNER, expires_at=soon))
    answer = await scim.put(f"/Users/{bob.id}", json=person("bob@example.org", emails=[{"value": "eve@example.org"}]))
    assert (answer.status_code, answer.json()["scimType"]) == (400, "mutability")
    assert (await scim.delete(path)).status_code == 403
    off = patch({"op": "replace", "value": {"active": False}})
    assert (await scim.patch(path, json=off)).status_code == 403
    assert (await scim.get(path)).json()["active"] is True


async def test_a_directory_adds_as_many_as_the_tenant_may_have(
    scim: AsyncClient, control: Control, tenant: Tenant
) -> None:
    async with restored(control, tenant):
        async with control.admin() as admin, admin.engine(CONTROL_DATABASE).begin() as connection:
            few = sa.update(tenants).where(tenants.c.id == tenant.id).values(ceilings={"users": 1})
            await connection.execute(few)
        ada = await add(scim, "ada")
        assert (await scim.post("/Users", json=person("bob"))).status_code == 403
        await scim.delete(f"/Users/{ada['id']}")
        await add(scim, "bob")
        assert (await scim.post("/Users", json=person("ada"))).status_code == 403
