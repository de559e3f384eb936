"""The tree of org units: made, moved, never a circle, and read without a statement a unit."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions, unit_of_work
from shared.ids import uuid7
from subgraphs.users.consumers import HANDLERS
from subgraphs.users.models import OrgUnitPath
from subgraphs.users.service import org_units as service
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateOrgUnitInput!) {
  createOrgUnit(input: $input) { orgUnit { id } userErrors { code path } }
}"""
MOVE = """mutation ($input: MoveOrgUnitInput!) {
  moveOrgUnit(input: $input) { orgUnit { version parent { id } ancestors { name } } userErrors { code path } }
}"""
DELETE = """mutation ($input: DeleteOrgUnitInput!) {
  deleteOrgUnit(input: $input) { deletedId userErrors { code } }
}"""
ADD = """mutation ($input: OrgUnitMembersInput!) {
  addOrgUnitMembers(input: $input) { orgUnit { memberCount members { edges { node { email } } } } }
}"""
MEMBERS = """query ($units: [_Any!]!) {
  _entities(representations: $units) { ... on OrgUnit { name members { edges { node { id } } } } }
}"""
TREE = "{ orgUnits { edges { node { name children { name children { name ancestors { name } } } } } } }"


@pytest.fixture
def manager(tenant: Tenant) -> Caller:
    """Whoever manages the tenant's people."""
    return tenant.caller("users:manage", "users:read")


async def unit(ask: Ask, manager: Caller, name: str, parent: str | None = None, **values: Any) -> str:
    """Make a unit; returns its id."""
    answer = await ask(CREATE, {"input": {"name": name, "parentId": parent, **values}}, by=manager)
    return answer["data"]["createOrgUnit"]["orgUnit"]["id"]


async def paths(sessions: Sessions, tenant: Tenant) -> int:
    """How many rows the closure has."""
    async with sessions.read(tenant.caller()) as session:
        return await session.scalar(sa.select(sa.func.count()).select_from(OrgUnitPath)) or 0


class TestTree:
    async def test_shows_what_is_below_and_above(self, ask: Ask, manager: Caller) -> None:
        school = await unit(ask, manager, "School")
        arts = await unit(ask, manager, "Arts", school)
        await unit(ask, manager, "Painting", arts)
        answer = await ask(TREE, by=manager)
        [edge] = answer["data"]["orgUnits"]["edges"]
        assert edge["node"]["children"] == [
            {"name": "Arts", "children": [{"name": "Painting", "ancestors": [{"name": "School"}, {"name": "Arts"}]}]}
        ]

    @pytest.mark.parametrize("width", [1, 4])
    async def test_takes_a_statement_a_level_whatever_its_width(
        self, ask: Ask, manager: Caller, queries: Queries, width: int
    ) -> None:
        for root in range(width):
            top = await unit(ask, manager, f"Root {root}")
            for child in range(width):
                await unit(ask, manager, "Leaf", await unit(ask, manager, f"Child {child}", top))
        queries.clear()
        answer = await ask(TREE, by=manager)
        assert len(answer["data"]["orgUnits"]["edges"]) == width
        assert len(queries) == 4

    async def test_of_another_tenant_is_not_there(self, ask: Ask, manager: Caller, other_tenant: Tenant) -> None:
        school = await unit(ask, manager, "School")
        foreign = other_tenant.caller("users:manage")
        asked = {"input": {"name": "Arts", "parentId": school}}
        assert code_of(await ask(CREATE, asked, by=foreign)) == "NOT_FOUND"
        answer = await ask("query ($id: ID!) { orgUnit(id: $id) { name } }", {"id": school}, by=foreign)
        assert answer == {"data": {"orgUnit": None}}

    async def test_codes_are_had_once(self, ask: Ask, manager: Caller) -> None:
        await unit(ask, manager, "School", code="S")
        answer = await ask(CREATE, {"input": {"name": "Another", "code": "S"}}, by=manager)
        assert answer["data"]["createOrgUnit"]["userErrors"] == [{"code": "CODE_TAKEN", "path": ["input", "code"]}]

    async def test_is_managed_by_managers(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(CREATE, {"input": {"name": "School"}}, by=tenant.caller("users:read"))) == "FORBIDDEN"

    async def test_is_not_deeper_or_wider_than_it_may_be(
        self, ask: Ask, manager: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(service, "MAX_DEPTH", 2)
        monkeypatch.setattr(service, "MAX_CHILDREN", 1)
        school = await unit(ask, manager, "School")
        arts = await unit(ask, manager, "Arts", school)
        for parent in (school, arts):
            answer = await ask(CREATE, {"input": {"name": "More", "parentId": parent}}, by=manager)
            assert answer["data"]["createOrgUnit"]["userErrors"][0]["code"] == "TREE_TOO_LARGE"


class TestMove:
    async def test_takes_everything_below_along(
        self, ask: Ask, manager: Caller, sessions: Sessions, tenant: Tenant
    ) -> None:
        school, other = await unit(ask, manager, "School"), await unit(ask, manager, "Other")
        arts = await unit(ask, manager, "Arts", school)
        painting = await unit(ask, manager, "Painting", arts)
        answer = await ask(MOVE, {"input": {"id": arts, "parentId": other}}, by=manager)
        assert answer["data"]["moveOrgUnit"]["orgUnit"]["version"] == 2
        query = "query ($id: ID!) { orgUnit(id: $id) { ancestors { name } } }"
        below = await ask(query, {"id": painting}, by=manager)
        assert below["data"]["orgUnit"]["ancestors"] == [{"name": "Other"}, {"name": "Arts"}]
        assert await paths(sessions, tenant) == 7
        await ask(MOVE, {"input": {"id": arts, "parentId": None}}, by=manager)
        assert await paths(sessions, tenant) == 5

    async def test_below_itself_is_refused(self, ask: Ask, manager: Caller) -> None:
        school = await unit(ask, manager, "School")
        arts = await unit(ask, manager, "Arts", school)
        for parent in (school, arts):
            answer = await ask(MOVE, {"input": {"id": school, "parentId": parent}}, by=manager)
            assert answer["data"]["moveOrgUnit"]["userErrors"][0]["code"] == "ORG_UNIT_IS_BELOW"

    async def test_two_at_once_make_no_circle(self, ask: Ask, manager: Caller) -> None:
        first, second = await unit(ask, manager, "First"), await unit(ask, manager, "Second")
        answers = await asyncio.gather(
            ask(MOVE, {"input": {"id": first, "parentId": second}}, by=manager),
            ask(MOVE, {"input": {"id": second, "parentId": first}}, by=manager),
        )
        refused = [answer["data"]["moveOrgUnit"]["userErrors"] for answer in answers]
        assert sorted(map(len, refused)) == [0, 1]

    async def test_of_another_version_is_refused(self, ask: Ask, manager: Caller) -> None:
        school = await unit(ask, manager, "School")
        answer = await ask(MOVE, {"input": {"id": school, "parentId": None, "expectedVersion": 9}}, by=manager)
        assert answer["data"]["moveOrgUnit"]["userErrors"][0]["code"] == "VERSION_CONFLICT"


class TestMembers:
    async def test_are_shown_with_the_unit_and_the_person(
        self, ask: Ask, manager: Caller, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        school = await unit(ask, manager, "School")
        asked = {"input": {"orgUnitId": school, "userIds": [str(ada.id)]}}
        await ask(ADD, asked, by=manager)
        answer = await ask(ADD, asked, by=manager)
        assert answer["data"]["addOrgUnitMembers"]["orgUnit"] == {
            "memberCount": 1,
            "members": {"edges": [{"node": {"email": "ada@example.org"}}]},
        }
        mine = await ask("{ me { orgUnits { name } } }", by=tenant.caller(user_id=ada.id))
        assert mine["data"]["me"]["orgUnits"] == [{"name": "School"}]

    async def test_are_people_of_the_tenant(
        self, ask: Ask, manager: Caller, add_user: AddUser, other_tenant: Tenant
    ) -> None:
        eve = await add_user(other_tenant, "eve@example.org")
        school = await unit(ask, manager, "School")
        asked = {"input": {"orgUnitId": school, "userIds": [str(eve.id)]}}
        assert code_of(await ask(ADD, asked, by=manager)) == "NOT_FOUND"


class TestDelete:
    async def test_needs_nothing_below(
        self, ask: Ask, manager: Caller, sessions: Sessions, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        school = await unit(ask, manager, "School")
        arts = await unit(ask, manager, "Arts", school)
        await ask(ADD, {"input": {"orgUnitId": arts, "userIds": [str(ada.id)]}}, by=manager)
        codes = [
            (await ask(DELETE, {"input": {"id": id_}}, by=manager))["data"]["deleteOrgUnit"]["userErrors"]
            for id_ in (school, arts, school)
        ]
        assert codes == [[{"code": "ORG_UNIT_IN_USE"}], [], []]
        assert await paths(sessions, tenant) == 0


class TestRolesAtAUnit:
    @pytest.fixture
    async def head(self, tenant: Tenant, sessions: Sessions, ask: Ask, manager: Caller) -> tuple[Caller, list[str]]:
        """Who manages the people of one faculty and of all below it; and faculty, class below, and another faculty."""
        school = await unit(ask, manager, "School")
        arts, law = [await unit(ask, manager, name, school) for name in ("Arts", "Law")]
        units = [arts, await unit(ask, manager, "Painting", arts), law]
        person, role_id = replace(tenant.caller("learn"), auth_time=0), uuid7()
        told: dict[str, dict[str, Any]] = {
            "auth.role-changed.v1": {"role_id": role_id, "permissions": ["users:manage", "users:read"], "forbids": []},
            "auth.role-assignment-changed.v1": {
                "assignment_id": uuid7(),
                "user_id": person.user_id,
                "role_id": role_id,
                "place_kind": "ORG",
                "place_id": arts,
                "valid_to": None,
                "revoked": False,
            },
        }
        async with unit_of_work(sessions, tenant.caller()) as session:
            for topic, values in told.items():
                handler = HANDLERS[topic]
                await handler.handle(session, msgspec.convert({"version": 1, **values}, handler.payload, strict=False))
        return person, units

    async def test_manage_it_and_what_is_below(
        self, ask: Ask, head: tuple[Caller, list[str]], add_user: AddUser, tenant: Tenant, queries: Queries
    ) -> None:
        by, (arts, painting, law) = head
        ada = str((await add_user(tenant, "ada@example.org")).id)
        for place, refused in ((arts, False), (painting, False), (law, True)):
            answers = [
                await ask(CREATE, {"input": {"name": "New", "parentId": place}}, by=by),
                await ask(ADD, {"input": {"orgUnitId": place, "userIds": [ada]}}, by=by),
            ]
            assert [bool(answer.get("errors")) for answer in answers] == [refused, refused]
            assert not refused or {code_of(answer) for answer in answers} == {"FORBIDDEN"}
        assert code_of(await ask(CREATE, {"input": {"name": "Root"}}, by=by)) == "FORBIDDEN"
        assert code_of(await ask(MOVE, {"input": {"id": painting, "parentId": law}}, by=by)) == "FORBIDDEN"
        assert code_of(await ask(DELETE, {"input": {"id": law}}, by=by)) == "FORBIDDEN"
        queries.clear()
        units = [{"__typename": "OrgUnit", "id": each} for each in (arts, painting, law)]
        shown = (await ask(MEMBERS, {"units": units}, by=by))["data"]["_entities"]
        assert [each["members"] is not None for each in shown] == [True, True, False]
        assert len(queries) == 4
