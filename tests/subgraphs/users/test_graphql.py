"""The users subgraph as its callers see it."""

import pytest

from shared.ids import uuid7
from subgraphs.users.models import UserStatus
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.users.conftest import AddUser
from tests.tenants import Tenant

USER = "query ($id: ID!) { user(id: $id) { id displayName email locale status version } }"
USERS = """query ($first: Int! = 20, $after: String) {
  users(first: $first, after: $after) {
    edges { node { email } cursor }
    pageInfo { hasNextPage hasPreviousPage endCursor }
  }
}"""
INVITE = """mutation ($input: InviteUsersInput!) {
  inviteUsers(input: $input) {
    invitations { email code expiresAt user { id status } }
    userErrors { code path }
  }
}"""
ENTITIES = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on User { id displayName }
    ... on Tenant { id userCount }
  }
}"""


class TestMe:
    async def test_is_the_person_calling(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        ada = await add_user(tenant, "ada@example.org")
        answer = await ask("{ me { displayName email } }", by=tenant.caller(user_id=ada.id))
        assert answer == {"data": {"me": {"displayName": "Ada", "email": "ada@example.org"}}}

    async def test_needs_somebody_signed_in(self, ask: Ask) -> None:
        answer = await ask("{ me { id } }")
        assert code_of(answer) == "UNAUTHENTICATED"
        assert answer["data"] == {"me": None}


class TestUser:
    async def test_hides_the_address_from_other_people(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        ada = await add_user(tenant, "ada@example.org")
        answer = await ask(USER, {"id": str(ada.id)}, by=tenant.caller("learn"))
        assert answer["data"]["user"]["displayName"] == "Ada"
        assert answer["data"]["user"]["email"] is None
        hinted = await ask(USER, {"id": str(ada.id)}, by=tenant.caller("users:invite"))
        assert hinted["data"]["user"]["email"] == "a…@example.org"

    async def test_shows_the_address_to_those_who_may_read_people(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        answer = await ask(USER, {"id": str(ada.id)}, by=tenant.caller("users:read"))
        assert answer["data"]["user"]["email"] == "ada@example.org"

    async def test_hides_the_name_made_of_an_invited_persons_address(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        bob = await add_user(tenant, "bob@example.org", display_name="bob", status=UserStatus.INVITED)
        seen = [
            (await ask(USER, {"id": str(bob.id)}, by=caller))["data"]["user"]["displayName"]
            for caller in (tenant.caller("learn"), tenant.caller("users:read"), tenant.caller(user_id=bob.id))
        ]
        assert seen == [None, "bob", "bob"]

    async def test_of_another_tenant_is_like_one_that_never_was(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        foreign = await ask(USER, {"id": str(ada.id)}, by=other_tenant.caller("users:read"))
        never = await ask(USER, {"id": str(uuid7())}, by=other_tenant.caller("users:read"))
        assert foreign == never == {"data": {"user": None}}

    async def test_with_a_malformed_id_is_bad_input(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(USER, {"id": "7"}, by=tenant.caller())) == "BAD_USER_INPUT"


class TestUsers:
    async def test_needs_the_scope(self, ask: Ask, tenant: Tenant) -> None:
        assert code_of(await ask(USERS, by=tenant.caller("learn"))) == "FORBIDDEN"

    async def test_pages_through_everybody_once(self, ask: Ask, add_user: AddUser, tenant: Tenant) -> None:
        emails = [f"p{number}@example.org" for number in range(5)]
        for email in emails:
            await add_user(tenant, email)
        seen: list[str] = []
        after: str | None = None
        more = True
        while more:
            answer = await ask(USERS, {"first": 2, "after": after}, by=tenant.caller("users:read"))
            page = answer["data"]["users"]
            seen += [edge["node"]["email"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert seen == emails

    @pytest.mark.parametrize("number", [1, 30])
    async def test_takes_one_statement_whatever_their_number(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, queries: Queries, number: int
    ) -> None:
        for position in range(number):
            await add_user(tenant, f"p{position}@example.org")
        queries.clear()
        answer = await ask(USERS, {"first": 100}, by=tenant.caller("users:read"))
        assert len(answer["data"]["users"]["edges"]) == number
        assert len(queries) == 1

    @pytest.mark.parametrize("variables", [{"first": 0}, {"first": 101}, {"after": "nonsense"}])
    async def test_refuses_pages_it_cannot_give(self, ask: Ask, tenant: Tenant, variables: dict[str, object]) -> None:
        assert code_of(await ask(USERS, variables, by=tenant.caller("users:read"))) == "BAD_USER_INPUT"


class TestEntities:
    async def test_many_people_are_loaded_in_one_statement(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, queries: Queries
    ) -> None:
        people = [await add_user(tenant, f"p{number}@example.org") for number in range(4)]
        representations = [{"__typename": "User", "id": str(person.id)} for person in people]
        queries.clear()
        answer = await ask(ENTITIES, {"representations": representations}, by=tenant.caller())
        assert [entity["id"] for entity in answer["data"]["_entities"]] == [str(person.id) for person in people]
        assert len(queries) == 1

    async def test_a_malformed_key_is_an_error_of_that_one_alone(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        representations = [{"__typename": "User", "id": "x"}, {"__typename": "User", "id": str(ada.id)}]
        answer = await ask(ENTITIES, {"representations": representations}, by=tenant.caller())
        assert [entity and entity["displayName"] for entity in answer["data"]["_entities"]] == [None, "Ada"]
        assert code_of(answer) == "BAD_USER_INPUT"

    async def test_another_tenants_things_do_not_exist(
        self, ask: Ask, add_user: AddUser, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        ada = await add_user(tenant, "ada@example.org")
        representations = [
            {"__typename": "User", "id": str(ada.id)},
            {"__typename": "Tenant", "id": str(tenant.id)},
            {"__typename": "Tenant", "id": str(other_tenant.id)},
        ]
        answer = await ask(ENTITIES, {"representations": representations}, by=other_tenant.caller())
        assert answer == {"data": {"_entities": [None, None, {"id": str(other_tenant.id), "userCount": 0}]}}


class TestInviteUsers:
    async def test_gives_a_code_for_each(self, ask: Ask, tenant: Tenant) -> None:
        asked = {"emails": ["Ada@Example.org", "bob@example.org"], "role": "INSTRUCTOR"}
        answer = await ask(INVITE, {"input": asked}, by=tenant.caller("users:invite", "roles:manage"))
        invited = answer["data"]["inviteUsers"]
        assert invited["userErrors"] == []
        assert [one["email"] for one in invited["invitations"]] == ["ada@example.org", "bob@example.org"]
        assert {one["user"]["status"] for one in invited["invitations"]} == {"INVITED"}
        assert len({one["code"] for one in invited["invitations"]}) == 2

    async def test_needs_the_scope(self, ask: Ask, tenant: Tenant) -> None:
        asked = {"emails": ["ada@example.org"], "role": "LEARNER"}
        assert code_of(await ask(INVITE, {"input": asked}, by=tenant.caller("users:read"))) == "FORBIDDEN"

    async def test_refuses_somebody_who_is_here_and_invites_nobody(
        self, ask: Ask, add_user: AddUser, tenant: Tenant
    ) -> None:
        await add_user(tenant, "ada@example.org")
        asked = {"emails": ["bob@example.org", "ada@example.org"], "role": "LEARNER"}
        answer = await ask(INVITE, {"input": asked}, by=tenant.caller("users:invite"))
        assert answer["data"]["inviteUsers"] == {
            "invitations": None,
            "userErrors": [{"code": "EMAIL_TAKEN", "path": ["input", "emails", "1"]}],
        }
        everybody = await ask(USERS, by=tenant.caller("users:read"))
        assert [edge["node"]["email"] for edge in everybody["data"]["users"]["edges"]] == ["ada@example.org"]

    @pytest.mark.parametrize("emails", [[], ["nobody"], ["a@b.org", "A@b.org"], ["a@b.org"] * 101])
    async def test_refuses_what_are_not_different_addresses(self, ask: Ask, tenant: Tenant, emails: list[str]) -> None:
        asked = {"emails": emails, "role": "LEARNER"}
        assert code_of(await ask(INVITE, {"input": asked}, by=tenant.caller("users:invite"))) == "BAD_USER_INPUT"

    async def test_names_a_bad_address_by_its_place(self, ask: Ask, tenant: Tenant) -> None:
        asked = {"emails": ["ada@example.org", "nobody"], "role": "LEARNER"}
        answer = await ask(INVITE, {"input": asked}, by=tenant.caller("users:invite"))
        assert answer["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "emails.1"}

    async def test_sent_again_with_its_key_answers_the_same(self, ask: Ask, tenant: Tenant) -> None:
        owner = tenant.caller("users:invite")
        asked = {"emails": ["ada@example.org"], "role": "LEARNER", "idempotencyKey": "k1"}
        first = await ask(INVITE, {"input": asked}, by=owner)
        assert await ask(INVITE, {"input": asked}, by=owner) == first

    async def test_refuses_a_key_used_for_something_else(self, ask: Ask, tenant: Tenant) -> None:
        owner = tenant.caller("users:invite", "roles:manage")
        asked = {"emails": ["ada@example.org"], "role": "LEARNER", "idempotencyKey": "k1"}
        await ask(INVITE, {"input": asked}, by=owner)
        answer = await ask(INVITE, {"input": {**asked, "role": "INSTRUCTOR"}}, by=owner)
        assert code_of(answer) == "IDEMPOTENCY_KEY_REUSED"
