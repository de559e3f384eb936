"""Groups, and what people are to each other."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa

from shared.caller import Caller
from shared.database import Sessions
from shared.events.outbox import OutboxRow
from subgraphs.users.models import User
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

CREATE = """mutation ($input: CreateGroupInput!) {
  createGroup(input: $input) { group { id } userErrors { code path } }
}"""
ADD = """mutation ($input: GroupMembersInput!) {
  addGroupMembers(input: $input) { group { version memberCount } userErrors { code } }
}"""
REMOVE = ADD.replace("addGroupMembers", "removeGroupMembers")
DELETE = "mutation ($input: DeleteGroupInput!) { deleteGroup(input: $input) { deletedId userErrors { code } } }"
GROUPS = """query ($first: Int! = 20, $after: String) {
  groups(first: $first, after: $after) {
    edges { node { name memberCount members(first: 2) { edges { node { email } } pageInfo { hasNextPage } } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
LINK = """mutation ($input: LinkRelationshipInput!) {
  linkRelationship(input: $input) { relationship { id kind user { email } ofUser { email } } userErrors { code } }
}"""
UNLINK = "mutation ($input: UnlinkRelationshipInput!) { unlinkRelationship(input: $input) { deletedId } }"


@pytest.fixture
def manager(tenant: Tenant) -> Caller:
    """Whoever manages the tenant's people."""
    return tenant.caller("users:manage", "users:read")


@pytest.fixture
async def people(add_user: AddUser, tenant: Tenant) -> list[User]:
    """Three of them."""
    return [await add_user(tenant, f"p{number}@example.org") for number in range(3)]


async def group(ask: Ask, manager: Caller, name: str, *members: User) -> str:
    """Make a group; returns its id."""
    answer = await ask(CREATE, {"input": {"name": name}}, by=manager)
    group_id = answer["data"]["createGroup"]["group"]["id"]
    if members:
        await ask(ADD, {"input": {"groupId": group_id, "userIds": [str(one.id) for one in members]}}, by=manager)
    return group_id


async def link(ask: Ask, manager: Caller, kind: str, user: User, of_user: User) -> dict[str, Any]:
    """Link two people."""
    asked = {"kind": kind, "userId": str(user.id), "ofUserId": str(of_user.id)}
    return (await ask(LINK, {"input": asked}, by=manager))["data"]["linkRelationship"]


class TestGroups:
    async def test_tell_who_came_and_who_went(
        self, ask: Ask, manager: Caller, people: list[User], sessions: Sessions, tenant: Tenant
    ) -> None:
        group_id = await group(ask, manager, "Choir", *people[:2])
        asked = {"groupId": group_id, "userIds": [str(one.id) for one in people[1:]]}
        answer = await ask(REMOVE, {"input": asked}, by=manager)
        assert answer["data"]["removeGroupMembers"]["group"] == {"version": 3, "memberCount": 1}
        async with sessions.read(tenant.caller()) as session:
            told = [row.payload for row in await session.scalars(sa.select(OutboxRow).order_by(OutboxRow.seq))]
        assert [(set(one["added"]), set(one["removed"])) for one in told] == [
            ({str(people[0].id), str(people[1].id)}, set()),
            (set(), {str(people[1].id)}),
        ]

    @pytest.mark.parametrize("number", [1, 4])
    async def test_with_their_members_take_three_statements(
        self, ask: Ask, manager: Caller, people: list[User], queries: Queries, number: int
    ) -> None:
        for position in range(number):
            await group(ask, manager, f"Group {position}", *people)
        queries.clear()
        answer = await ask(GROUPS, by=manager)
        nodes = [edge["node"] for edge in answer["data"]["groups"]["edges"]]
        assert [node["memberCount"] for node in nodes] == [3] * number
        assert all(node["members"]["pageInfo"]["hasNextPage"] for node in nodes)
        assert len(queries) == 3

    async def test_are_paged_by_name(self, ask: Ask, manager: Caller) -> None:
        for name in ("C", "A", "B"):
            await group(ask, manager, name)
        seen: list[str] = []
        after: str | None = None
        for _ in range(2):
            page = (await ask(GROUPS, {"first": 2, "after": after}, by=manager))["data"]["groups"]
            seen += [edge["node"]["name"] for edge in page["edges"]]
            after = page["pageInfo"]["endCursor"]
        assert seen == ["A", "B", "C"]

    async def test_have_names_of_their_own(self, ask: Ask, manager: Caller) -> None:
        await group(ask, manager, "Choir")
        answer = await ask(CREATE, {"input": {"name": "Choir"}}, by=manager)
        assert answer["data"]["createGroup"]["userErrors"] == [{"code": "NAME_TAKEN", "path": ["input", "name"]}]

    async def test_are_for_those_who_may_read_people(self, ask: Ask, manager: Caller, tenant: Tenant) -> None:
        group_id = await group(ask, manager, "Choir")
        assert code_of(await ask(GROUPS, by=tenant.caller("learn"))) == "FORBIDDEN"
        query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Group { name } } }"
        asked = {"r": [{"__typename": "Group", "id": group_id}]}
        assert (await ask(query, asked, by=tenant.caller("learn")))["data"]["_entities"] == [None]
        assert (await ask(query, asked, by=manager))["data"]["_entities"] == [{"name": "Choir"}]

    async def test_of_another_tenant_are_not_there(
        self, ask: Ask, manager: Caller, people: list[User], other_tenant: Tenant
    ) -> None:
        group_id = await group(ask, manager, "Choir")
        asked = {"input": {"groupId": group_id, "userIds": [str(people[0].id)]}}
        assert code_of(await ask(ADD, asked, by=other_tenant.caller("users:manage"))) == "NOT_FOUND"
        assert code_of(await ask(DELETE, {"input": {"id": group_id}}, by=other_tenant.caller("users:manage"))) == (
            "NOT_FOUND"
        )

    async def test_are_deleted_with_their_memberships(self, ask: Ask, manager: Caller, people: list[User]) -> None:
        group_id = await group(ask, manager, "Choir", *people)
        refused = await ask(DELETE, {"input": {"id": group_id, "expectedVersion": 1}}, by=manager)
        assert refused["data"]["deleteGroup"]["userErrors"] == [{"code": "VERSION_CONFLICT"}]
        answer = await ask(DELETE, {"input": {"id": group_id}}, by=manager)
        assert answer["data"]["deleteGroup"]["deletedId"] == group_id
        assert (await ask(GROUPS, by=manager))["data"]["groups"]["edges"] == []

    @pytest.mark.parametrize("user_ids", [[], ["x"]])
    async def test_refuse_what_is_no_list_of_people(self, ask: Ask, manager: Caller, user_ids: list[str]) -> None:
        group_id = await group(ask, manager, "Choir")
        asked = {"input": {"groupId": group_id, "userIds": user_ids}}
        assert code_of(await ask(ADD, asked, by=manager)) == "BAD_USER_INPUT"


class TestRelationships:
    async def test_are_shown_on_both_sides(self, ask: Ask, manager: Caller, people: list[User], tenant: Tenant) -> None:
        linked = await link(ask, manager, "GUARDIAN", people[0], people[1])
        again = await link(ask, manager, "GUARDIAN", people[0], people[1])
        assert again == linked
        for person in people[:2]:
            query = "{ me { relationships { id kind } } }"
            answer = await ask(query, by=tenant.caller(user_id=person.id))
            assert answer["data"]["me"]["relationships"] == [{"id": linked["relationship"]["id"], "kind": "GUARDIAN"}]

    async def test_nobody_is_their_own(self, ask: Ask, manager: Caller, people: list[User]) -> None:
        refused = await link(ask, manager, "MENTOR", people[0], people[0])
        assert refused["userErrors"] == [{"code": "RELATIONSHIP_CIRCULAR"}]

    async def test_nobody_is_above_their_manager(self, ask: Ask, manager: Caller, people: list[User]) -> None:
        await link(ask, manager, "MANAGER", people[0], people[1])
        await link(ask, manager, "MANAGER", people[1], people[2])
        refused = await link(ask, manager, "MANAGER", people[2], people[0])
        assert refused["userErrors"] == [{"code": "RELATIONSHIP_CIRCULAR"}]
        assert (await link(ask, manager, "MENTOR", people[2], people[0]))["userErrors"] == []

    async def test_two_links_at_once_make_no_circle(self, ask: Ask, manager: Caller, people: list[User]) -> None:
        answers = await asyncio.gather(
            link(ask, manager, "MANAGER", people[0], people[1]), link(ask, manager, "MANAGER", people[1], people[0])
        )
        assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1]

    async def test_end(self, ask: Ask, manager: Caller, people: list[User]) -> None:
        linked = await link(ask, manager, "MENTOR", people[0], people[1])
        asked = {"input": {"id": linked["relationship"]["id"]}}
        assert (await ask(UNLINK, asked, by=manager))["data"]["unlinkRelationship"]["deletedId"] == asked["input"]["id"]
        assert code_of(await ask(UNLINK, asked, by=manager)) == "NOT_FOUND"
