"""Roles and permissions as clients see them."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.caller import Caller
from shared.ids import uuid7
from shared.permissions.catalogue import BUILT_IN, PERMISSIONS, built_in_id
from shared.roles import Role
from tests.queries import Queries
from tests.subgraphs.auth.conftest import Ask
from tests.subgraphs.auth.roles.conftest import Person
from tests.subgraphs.conftest import code_of
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateRoleInput!) {
  createRole(input: $input) { role { id name permissions forbids builtIn version } userErrors { code path } }
}"""
ASSIGN = """mutation ($input: AssignRoleInput!) {
  assignRole(input: $input) {
    assignment { id user { id } role { name } placeKind placeId validTo revokedAt } userErrors { code }
  }
}"""
REVOKE = "mutation ($input: RevokeRoleInput!) { revokeRole(input: $input) { assignment { revokedAt } } }"
ROLES = "query ($first: Int, $after: String) { roles(first: $first, after: $after) { edges { cursor node { name } } } }"
ASSIGNMENTS = """query ($at: PlaceInput, $userId: ID, $roleId: ID) {
  roleAssignments(at: $at, userId: $userId, roleId: $roleId) { edges { node { user { id } role { name } placeId } } }
}"""
VIEWER = "query ($at: PlaceInput) { viewer { scopes permissions(at: $at) } }"


@pytest.fixture
def token(owner: Caller, token_of: Callable[[Caller], str]) -> str:
    """The owner's."""
    return token_of(owner)


def names(answer: dict[str, Any]) -> list[str]:
    """Of the roles in an answer."""
    return [edge["node"]["name"] for edge in answer["data"]["roles"]["edges"]]


class TestRoles:
    async def test_are_made_once_a_key(self, ask: Ask, token: str) -> None:
        asked = {"input": {"name": "Assistants", "permissions": ["learn"], "idempotencyKey": str(uuid7())}}
        first = (await ask(CREATE, asked, token=token))["data"]["createRole"]
        assert first["userErrors"] == []
        assert first["role"] | {"id": ""} == {
            "id": "",
            "name": "Assistants",
            "permissions": ["learn"],
            "forbids": [],
            "builtIn": False,
            "version": 1,
        }
        assert (await ask(CREATE, asked, token=token))["data"]["createRole"] == first

    async def test_tell_why_they_are_refused(self, ask: Ask, token: str) -> None:
        asked = {"input": {"name": "OWNER", "permissions": ["learn"]}}
        refused = (await ask(CREATE, asked, token=token))["data"]["createRole"]
        assert refused == {"role": None, "userErrors": [{"code": "NAME_TAKEN", "path": ["input", "name"]}]}

    @pytest.mark.parametrize(
        "changes", [{"name": ""}, {"permissions": ["fly"]}, {"forbids": ["fly"]}, {"permissions": ["learn"] * 101}]
    )
    async def test_refuse_bad_input(self, ask: Ask, token: str, changes: dict[str, Any]) -> None:
        asked = {"input": {"name": "Assistants", "permissions": ["learn"], **changes}}
        assert code_of(await ask(CREATE, asked, token=token)) == "BAD_USER_INPUT"

    async def test_are_listed_by_name_after_those_that_every_tenant_has(self, ask: Ask, token: str) -> None:
        for name in ("Beadles", "Assistants"):
            await ask(CREATE, {"input": {"name": name, "permissions": []}}, token=token)
        first = await ask(ROLES, {"first": 4}, token=token)
        assert names(first) == ["INSTRUCTOR", "LEARNER", "OWNER", "Assistants"]
        after = first["data"]["roles"]["edges"][-1]["cursor"]
        assert names(await ask(ROLES, {"first": 4, "after": after}, token=token)) == ["Beadles"]


class TestAssignments:
    async def test_are_made_listed_and_revoked(self, ask: Ask, token: str, person: Person, owner: Caller) -> None:
        ada, course = await person(), {"kind": "COURSE", "id": str(uuid7())}
        role_id = str(built_in_id(owner.tenant_id, Role.INSTRUCTOR))
        asked = {"input": {"userId": str(ada.user_id), "roleId": role_id, "at": course}}
        assigned = (await ask(ASSIGN, asked, token=token))["data"]["assignRole"]["assignment"]
        expected = {"user": {"id": str(ada.user_id)}, "role": {"name": "INSTRUCTOR"}, "placeId": course["id"]}
        assert expected.items() <= assigned.items()
        for chosen in ({"at": course}, {"userId": str(ada.user_id)}, {"roleId": role_id}):
            listed = await ask(ASSIGNMENTS, chosen, token=token)
            assert [edge["node"] for edge in listed["data"]["roleAssignments"]["edges"]] == [expected]
        revoked = await ask(REVOKE, {"input": {"id": assigned["id"]}}, token=token)
        assert revoked["data"]["revokeRole"]["assignment"]["revokedAt"] is not None
        assert (await ask(ASSIGNMENTS, {"at": course}, token=token))["data"]["roleAssignments"]["edges"] == []

    async def test_a_page_takes_as_many_statements_however_long_it_is(
        self, ask: Ask, token: str, person: Person, owner: Caller, queries: Queries
    ) -> None:
        counts: list[int] = []
        for _ in range(3):
            made = (await ask(CREATE, {"input": {"name": str(uuid7()), "permissions": []}}, token=token))["data"]
            asked = {"userId": str((await person()).user_id), "roleId": made["createRole"]["role"]["id"]}
            await ask(ASSIGN, {"input": asked}, token=token)
            queries.clear()
            await ask(ASSIGNMENTS, token=token)
            counts.append(len(queries))
        assert counts == [2, 2, 2]

    async def test_another_tenants_ids_are_as_good_as_any(
        self, ask: Ask, token: str, other_tenant: Tenant, person: Person
    ) -> None:
        for tenant_id in (other_tenant.id, uuid7()):
            asked = {"input": {"id": str(tenant_id)}}
            assert code_of(await ask(REVOKE, asked, token=token)) == "NOT_FOUND"
            place = {"kind": "TENANT", "id": str(tenant_id)}
            assert code_of(await ask(ASSIGNMENTS, {"at": place}, token=token)) == "NOT_FOUND"


class TestViewer:
    async def test_sees_what_they_may_do_at_a_place(
        self, ask: Ask, token: str, token_of: Callable[[Caller], str], person: Person, owner: Caller
    ) -> None:
        ada, course = await person("learn"), {"kind": "COURSE", "id": str(uuid7())}
        role_id = str(built_in_id(owner.tenant_id, Role.INSTRUCTOR))
        await ask(ASSIGN, {"input": {"userId": str(ada.user_id), "roleId": role_id, "at": course}}, token=token)
        theirs = token_of(ada)
        there = (await ask(VIEWER, {"at": course}, token=theirs))["data"]["viewer"]
        assert there == {"scopes": ["learn"], "permissions": sorted(BUILT_IN[Role.INSTRUCTOR])}
        assert (await ask(VIEWER, token=theirs))["data"]["viewer"]["permissions"] == ["learn"]
        owners = (await ask(VIEWER, {"at": course}, token=token))["data"]["viewer"]["permissions"]
        assert owners == sorted(PERMISSIONS)

    async def test_names_a_place_by_a_whole_id(self, ask: Ask, token: str) -> None:
        assert code_of(await ask(VIEWER, {"at": {"kind": "COURSE", "id": "algebra"}}, token=token)) == "BAD_USER_INPUT"
