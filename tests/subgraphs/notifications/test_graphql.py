"""The notifications subgraph as its callers see it."""

from dataclasses import replace
from typing import Any

import pytest

from shared.ids import uuid7
from tests.queries import Queries
from tests.subgraphs.conftest import Ask, code_of
from tests.subgraphs.notifications.conftest import Tell
from tests.tenants import Tenant

INBOX = """query ($first: Int! = 20, $after: String, $unreadOnly: Boolean! = false) {
  inbox(first: $first, after: $after, unreadOnly: $unreadOnly) {
    edges { cursor node { id kind title body readAt cursor course { id } } }
    pageInfo { hasNextPage endCursor }
  }
}"""
MARK = """mutation ($input: MarkReadInput!) {
  markRead(input: $input) { notifications { title readAt } userErrors { code } }
}"""
ENTITIES = """query ($representations: [_Any!]!) {
  _entities(representations: $representations) {
    ... on User { id inbox { edges { node { title } } } }
    ... on Notification { title }
  }
}"""


async def nodes(ask: Ask, by: Any, **variables: Any) -> list[dict[str, Any]]:
    answer = await ask(INBOX, variables, by=by)
    return [edge["node"] for edge in answer["data"]["inbox"]["edges"]]


class TestInbox:
    async def test_shows_what_the_caller_was_told_newest_first(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada, bob, course = tenant.caller(), tenant.caller(), uuid7()
        await tell(ada, "first", "second", course_id=course)
        await tell(bob, "for Bob")
        found = await nodes(ask, ada)
        assert [one["title"] for one in found] == ["second", "first"]
        assert found[0]["course"] == {"id": str(course)}
        assert (found[0]["kind"], found[0]["readAt"]) == ("ENROLLED", None)

    async def test_is_paged(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada = tenant.caller()
        await tell(ada, *"abcde")
        seen: list[str] = []
        after, more = None, True
        while more:
            answer = await ask(INBOX, {"first": 2, "after": after}, by=ada)
            seen += [edge["node"]["title"] for edge in answer["data"]["inbox"]["edges"]]
            after = answer["data"]["inbox"]["pageInfo"]["endCursor"]
            more = answer["data"]["inbox"]["pageInfo"]["hasNextPage"]
        assert seen == list("edcba")

    @pytest.mark.parametrize("number", [1, 20])
    async def test_takes_one_statement_whatever_their_number(
        self, ask: Ask, tell: Tell, tenant: Tenant, queries: Queries, number: int
    ) -> None:
        ada = tenant.caller()
        await tell(ada, *map(str, range(number)))
        queries.clear()
        assert len(await nodes(ask, ada)) == number
        assert len(queries) == 1

    async def test_needs_somebody_signed_in(self, ask: Ask) -> None:
        assert code_of(await ask(INBOX)) == "UNAUTHENTICATED"

    async def test_is_for_apps_that_may_learn_for_the_person(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada = tenant.caller("learn")
        await tell(ada, "for Ada")
        [told] = await nodes(ask, app := replace(ada, client_id=uuid7()))
        stranger = replace(app, scopes=frozenset({"openid"}))
        representations = [
            {"__typename": name, "id": id_} for name, id_ in (("User", str(ada.user_id)), ("Notification", told["id"]))
        ]
        marking = {"input": {"ids": [told["id"]]}}
        asked = ((INBOX, None), ("{ unreadCount }", None), ("{ notificationCursor }", None), (MARK, marking))
        assert [code_of(await ask(query, variables, by=stranger)) for query, variables in asked] == ["FORBIDDEN"] * 4
        assert "for Ada" not in str(await ask(ENTITIES, {"representations": representations}, by=stranger))

    @pytest.mark.parametrize("variables", [{"first": 0}, {"first": 101}, {"after": "nonsense"}, {"after": "Wy0xXQ"}])
    async def test_refuses_pages_it_cannot_give(self, ask: Ask, tenant: Tenant, variables: dict[str, object]) -> None:
        assert code_of(await ask(INBOX, variables, by=tenant.caller())) == "BAD_USER_INPUT"

    async def test_refuses_a_cursor_of_somebody_elses(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        await tell(bob, "for Bob")
        [theirs] = await nodes(ask, bob)
        assert code_of(await ask(INBOX, {"after": theirs["cursor"]}, by=ada)) == "BAD_USER_INPUT"

    @pytest.mark.parametrize(
        "query", ["{ inbox { pageInfo { hasNextPage } } alive: __typename }", "{ unreadCount alive: __typename }"]
    )
    async def test_leaves_the_rest_of_the_answer_alone_when_it_fails(self, ask: Ask, query: str) -> None:
        answer = await ask(query)
        assert (code_of(answer), answer["data"]["alive"]) == ("UNAUTHENTICATED", "Query")

    async def test_of_the_same_person_in_another_tenant_is_another(
        self, ask: Ask, tell: Tell, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        ada = tenant.caller()
        await tell(ada, "secret")
        assert await nodes(ask, other_tenant.caller(user_id=ada.user_id)) == []


class TestMarkRead:
    async def test_marks_and_counts(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada = tenant.caller()
        await tell(ada, "a", "b", "c")
        ids = [one["id"] for one in await nodes(ask, ada)]
        assert await ask("{ unreadCount }", by=ada) == {"data": {"unreadCount": 3}}
        answer = await ask(MARK, {"input": {"ids": ids[:2]}}, by=ada)
        assert [one["title"] for one in answer["data"]["markRead"]["notifications"]] == ["c", "b"]
        assert await ask("{ unreadCount }", by=ada) == {"data": {"unreadCount": 1}}
        assert [one["title"] for one in await nodes(ask, ada, unreadOnly=True)] == ["a"]

    async def test_keeps_the_time_of_the_first_reading(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada = tenant.caller()
        await tell(ada, "a")
        [one] = await nodes(ask, ada)
        first = await ask(MARK, {"input": {"ids": [one["id"]]}}, by=ada)
        assert first["data"]["markRead"]["notifications"][0]["readAt"] is not None
        assert await ask(MARK, {"input": {"ids": [one["id"]]}}, by=ada) == first

    async def test_of_somebody_elses_is_like_one_that_never_was_and_marks_nothing(
        self, ask: Ask, tell: Tell, tenant: Tenant, other_tenant: Tenant
    ) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        stranger = other_tenant.caller(user_id=ada.user_id)
        await tell(ada, "mine")
        await tell(bob, "not yours")
        await tell(stranger, "elsewhere")
        [[mine], [bobs], [elsewhere]] = [await nodes(ask, person) for person in (ada, bob, stranger)]
        for foreign in (bobs["id"], elsewhere["id"], str(uuid7())):
            answer = await ask(MARK, {"input": {"ids": [mine["id"], foreign]}}, by=ada)
            assert (code_of(answer), answer["errors"][0]["message"]) == ("NOT_FOUND", "There is no such thing")
        assert await ask("{ unreadCount }", by=ada) == {"data": {"unreadCount": 1}}
        assert await ask("{ unreadCount }", by=bob) == {"data": {"unreadCount": 1}}

    async def test_leaves_what_else_was_done_alone_when_it_fails(self, ask: Ask) -> None:
        twice = (
            "mutation ($input: MarkReadInput!) { markRead(input: $input) { userErrors { code } } alive: __typename }"
        )
        answer = await ask(twice, {"input": {"ids": [str(uuid7())]}})
        assert (code_of(answer), answer["data"]) == ("UNAUTHENTICATED", {"markRead": None, "alive": "Mutation"})

    @pytest.mark.parametrize("ids", [[], ["7"], ["00000000-0000-7000-8000-000000000000"] * 101])
    async def test_refuses_what_are_not_some_ids(self, ask: Ask, tenant: Tenant, ids: list[str]) -> None:
        assert code_of(await ask(MARK, {"input": {"ids": ids}}, by=tenant.caller())) == "BAD_USER_INPUT"

    async def test_refuses_a_key_used_for_something_else(self, ask: Ask, tell: Tell, tenant: Tenant) -> None:
        ada = tenant.caller()
        await tell(ada, "a", "b")
        ids = [one["id"] for one in await nodes(ask, ada)]
        await ask(MARK, {"input": {"ids": ids[:1], "idempotencyKey": "k"}}, by=ada)
        answer = await ask(MARK, {"input": {"ids": ids, "idempotencyKey": "k"}}, by=ada)
        assert code_of(answer) == "IDEMPOTENCY_KEY_REUSED"


class TestEntities:
    async def test_only_the_callers_own_inbox_is_shown(
        self, ask: Ask, tell: Tell, tenant: Tenant, queries: Queries
    ) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        await tell(ada, "mine")
        await tell(bob, "not yours")
        people = [{"__typename": "User", "id": str(person.user_id)} for person in (ada, bob)]
        queries.clear()
        answer = await ask(ENTITIES, {"representations": people}, by=ada)
        assert [person["inbox"] for person in answer["data"]["_entities"]] == [
            {"edges": [{"node": {"title": "mine"}}]},
            None,
        ]
        assert len(queries) == 1

    async def test_many_notifications_are_loaded_in_one_statement(
        self, ask: Ask, tell: Tell, tenant: Tenant, queries: Queries
    ) -> None:
        ada, bob = tenant.caller(), tenant.caller()
        await tell(ada, "a", "b")
        await tell(bob, "not yours")
        ids = [one["id"] for person in (ada, bob) for one in await nodes(ask, person)]
        queries.clear()
        wanted = [{"__typename": "Notification", "id": id_} for id_ in ids]
        answer = await ask(ENTITIES, {"representations": wanted}, by=ada)
        assert answer == {"data": {"_entities": [{"title": "b"}, {"title": "a"}, None]}}
        assert len(queries) == 1
