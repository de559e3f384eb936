"""@authenticated, @requiresScopes and @policy hold on every way to a field, and what is denied is not asked for."""

import time
from collections.abc import Collection
from typing import Any

import httpx2
import pytest

from router.execute.incremental import IncrementalResponse
from router.serve import GraphQLRequest, Identity, Refused, RequestContext, create_app
from router.serve.access.enforcement import Access
from tests.router.execute.increments import collect
from tests.router.serve.access.guarded_graph import Guarded, denied, holding


@pytest.fixture
def graph() -> Guarded:
    return Guarded()


class TestNullWithError:
    async def test_a_denied_field_is_null_and_nobody_is_asked_for_it(self, graph: Guarded) -> None:
        answer = await graph.answer("{ motto me { id email name } }", holding("other"))
        assert answer == {
            "data": {"motto": "!", "me": {"id": "a", "email": None, "name": "Ada"}},
            "errors": [denied("me", "email")],
        }
        assert graph.asked == ["{ motto me { id name } }"]

    async def test_keys_come_in_the_clients_order(self, graph: Guarded) -> None:
        answer = await graph.answer("{ me { email name b: secret id } motto }")
        assert [*answer["data"]["me"]] == ["email", "name", "b", "id"]

    async def test_whoever_has_what_is_needed_gets_it(self, graph: Guarded) -> None:
        for identity in (holding("mail"), holding("admin", "all", "more")):
            assert await graph.answer("{ me { email } }", identity) == {"data": {"me": {"email": "a@x"}}}
        assert "errors" in await graph.answer("{ me { email } }", holding("admin"))

    async def test_a_null_that_may_not_be_takes_its_parent_along(self, graph: Guarded) -> None:
        answer = await graph.answer("{ me { name born } motto }")
        assert answer == {"data": {"me": None, "motto": "!"}, "errors": [denied("me", "born")]}

    async def test_a_subgraph_that_is_asked_for_nothing_else_is_not_asked(self, graph: Guarded) -> None:
        await graph.answer("{ me { spent } }")
        assert graph.asked == ["{ me { __typename } }"]
        await graph.answer("{ me { notes { text } } }")
        assert graph.asked == ["{ me { __typename } }"]

    async def test_aliases_fragments_and_conditions_change_nothing(self, graph: Guarded) -> None:
        query = """query ($no: Boolean! = false, $yes: Boolean! = true) {
          x: me { ...F y: email @skip(if: $yes) } z: me { w: email @include(if: $yes) __proto__: email }
        } fragment F on Node { ... on Person { constructor: email v: email @include(if: $no) } }"""
        answer = await graph.answer(query)
        assert answer["data"] == {"x": {"constructor": None}, "z": {"w": None, "__proto__": None}}
        assert answer["errors"] == [denied("x", "constructor"), denied("z", "w"), denied("z", "__proto__")]
        assert not any("email" in text for text in graph.asked)

    async def test_a_leaf_protects_the_fields_that_are_such(self, graph: Guarded) -> None:
        assert (await graph.answer("{ me { secret } }"))["errors"] == [denied("me", "secret")]

    async def test_the_whole_answer_may_be_denied(self) -> None:
        answer = await Guarded().answer("{ strict { __typename } }")
        assert answer == {"data": {"strict": None}, "errors": [denied("strict", 1)]}

    async def test_a_mutation_that_is_denied_is_not_called(self, graph: Guarded) -> None:
        answer = await graph.answer("mutation { promote { id } rename }", holding("mail"))
        assert answer == {"data": {"promote": None, "rename": "x"}, "errors": [denied("promote")]}
        assert graph.asked == ["mutation { rename }"]

    async def test_introspection_is_nobodys_secret(self, graph: Guarded) -> None:
        answer = await graph.answer('{ __type(name: "Note") { name } me { email } __typename }')
        assert answer["data"] == {"__type": {"name": "Note"}, "me": {"email": None}, "__typename": "Query"}


class TestWaysToAProtectedType:
    async def test_through_a_union_each_object_is_null(self, graph: Guarded) -> None:
        answer = await graph.answer("{ search { __typename ... on Node { id } ... on Note { text } } }")
        person, page = {"__typename": "Person", "id": "a"}, {"__typename": "Page", "id": "w"}
        assert answer == {"data": {"search": [person, None, page]}, "errors": [denied("search", 1)]}
        assert not any("Note" in text for text in graph.asked)

    @pytest.mark.parametrize(
        "query",
        [
            '{ node(id: "n") { id } }',
            '{ node(id: "n") { __typename } }',
            '{ node(id: "n") { ... on Note { text } } }',
            '{ node: node(id: "n") { ... { ... on Node { id } } } }',
        ],
    )
    async def test_through_node(self, graph: Guarded, query: str) -> None:
        assert await graph.answer(query) == {"data": {"node": None}, "errors": [denied("node")]}
        assert not any("text" in text or "on Note" in text for text in graph.asked)
        assert "errors" not in await graph.answer(query, holding())

    async def test_a_field_of_an_interface_is_denied_only_for_the_types_that_say_so(self, graph: Guarded) -> None:
        query = "query ($id: ID!) { node(id: $id) { label } }"
        assert await graph.answer(query, id="w") == {
            "data": {"node": {"label": None}},
            "errors": [denied("node", "label")],
        }
        assert await graph.answer(query, id="a") == {"data": {"node": {"label": "Ada"}}}
        assert graph.asked == ["query ($id: ID!) { node(id: $id) { __typename ... on Person { label } } }"]

    @pytest.mark.parametrize("query", ["{ _entities(representations: []) { __typename } }", "{ _service { sdl } }"])
    async def test_the_machinery_of_subgraphs_is_not_public(self, graph: Guarded, query: str) -> None:
        answer = await graph.answer(query)
        assert "data" not in answer
        assert graph.asked == []

    async def test_what_is_required_of_others_is_not_fetched_for_who_may_not_see_it(self, graph: Guarded) -> None:
        answer = await graph.answer("{ me { mailed } }", holding("other"))
        assert answer["errors"] == [denied("me", "mailed")]
        assert not any("email" in text for text in graph.asked)
        assert await graph.answer("{ me { mailed } }", holding("mail")) == {"data": {"me": {"mailed": "yes"}}}

    async def test_deferred_fields_are_denied_alike(self) -> None:
        graph = Guarded(defer=True)
        query = "{ me { id ... @defer { email label } ... @defer { secret } ... @defer { born } } }"
        response: IncrementalResponse = await graph.engine.execute_incrementally(
            GraphQLRequest(query), RequestContext()
        )
        data, errors = await collect(response)
        assert data == {"me": {"id": "a", "email": None, "label": "Ada", "secret": None}}
        assert {tuple(each["path"]) for each in errors} == {("me", "email"), ("me", "secret"), ("me", "born")}
        assert not any(name in text for text in graph.asked for name in ("email", "secret", "born"))


class TestSubscriptions:
    async def subscribe(self, graph: Guarded, query: str, identity: Identity | None = None) -> list[Any]:
        request, context = GraphQLRequest(query), RequestContext(identity=identity)
        return [response.as_json() async for response in graph.engine.subscribe(request, context)]

    async def test_one_that_is_denied_does_not_begin(self, graph: Guarded) -> None:
        with pytest.raises(Refused) as refused:
            await self.subscribe(graph, "subscription { renamed { id } }")
        assert refused.value.errors == [denied("renamed")]
        assert graph.asked == []
        with pytest.raises(Refused):
            await self.subscribe(graph, "subscription { note { text } }")

    async def test_fields_of_events_are_denied(self, graph: Guarded) -> None:
        events = await self.subscribe(graph, "subscription { renamed { id email } }", holding())
        assert events == [{"data": {"renamed": {"id": "a", "email": None}}, "errors": [denied("renamed", "email")]}]

    async def test_a_caller_whose_token_has_expired_is_anonymous(self, graph: Guarded) -> None:
        with pytest.raises(Refused):
            await self.subscribe(graph, "subscription { renamed { id } }", Identity("ada", expires=time.time() - 1))
        assert await self.subscribe(
            graph, "subscription { renamed { id } }", Identity("ada", expires=time.time() + 900)
        )


class TestReject:
    async def refused(self, query: str, identity: Identity | None) -> Refused:
        graph = Guarded(Access(reject=True))
        with pytest.raises(Refused) as refused:
            await graph.engine.prepare(GraphQLRequest(query), RequestContext(identity=identity))
        assert graph.asked == []
        return refused.value

    async def test_an_operation_is_refused_with_all_that_is_denied(self) -> None:
        refused = await self.refused("{ me { id email friend { spent } notes { text } } }", None)
        assert refused.status == 401
        assert [error["path"] for error in refused.errors] == [
            ["me", "email"],
            ["me", "notes"],
            ["me", "friend", "spent"],
        ]
        assert {error["extensions"]["code"] for error in refused.errors} == {"UNAUTHORIZED_FIELD_OR_TYPE"}

    async def test_somebody_who_is_known_is_forbidden(self) -> None:
        assert (await self.refused("{ me { email } }", holding())).status == 403

    async def test_items_of_lists_are_written_as_at_signs(self) -> None:
        refused = await self.refused("{ search { ... on Note { text } ... on Person { email } } }", None)
        assert [error["path"] for error in refused.errors] == [["search", "@", "email"], ["search", "@", "text"]]

    async def test_what_is_allowed_is_answered(self) -> None:
        assert await Guarded(Access(reject=True)).answer("{ me { id } }") == {"data": {"me": {"id": "a"}}}

    async def test_it_is_refused_again(self) -> None:
        graph = Guarded(Access(reject=True))
        for _ in range(2):
            assert "data" not in await graph.answer("{ me { email } }")


class TestPolicies:
    async def test_nobody_meets_any_without_a_hook(self, graph: Guarded) -> None:
        assert (await graph.answer("{ me { spent } }", holding("books")))["errors"] == [denied("me", "spent")]

    async def test_the_hook_is_asked_once_for_all_that_an_operation_touches(self) -> None:
        asked: list[frozenset[str]] = []

        async def decide(names: frozenset[str], context: RequestContext) -> Collection[str]:
            asked.append(names)
            assert context.identity is not None
            return {"books", "audit", "night"} if context.identity.subject == "ada" else ()

        graph = Guarded(Access(policies=decide))
        for _ in range(2):
            answer = await graph.answer("{ me { spent secret } a: me { spent } }", holding())
            assert answer == {"data": {"me": {"spent": 7, "secret": "s"}, "a": {"spent": 7}}}
        assert asked == [{"books", "vault", "audit", "night"}] * 2
        assert (await graph.answer("{ me { spent } }", Identity("eve")))["data"] == {"me": {"spent": None}}
        await graph.answer("{ motto me { email } }", holding())
        assert len(asked) == 3

    async def test_a_hook_that_fails_lets_nobody_in(self) -> None:
        async def fail(names: frozenset[str], context: RequestContext) -> Collection[str]:
            raise RuntimeError("postgres://secret@db")

        graph = Guarded(Access(policies=fail))
        answer = await graph.answer("{ me { spent } }", holding())
        assert "data" not in answer or answer["data"] is None
        assert "postgres" not in str(answer)
        assert graph.asked == []


class TestPlans:
    async def test_callers_in_quick_succession_never_get_each_others_plan(self, graph: Guarded) -> None:
        query = "{ me { id email born spent } }"
        everything, anonymous = holding("mail"), None
        for _ in range(3):
            assert (await graph.answer(query, everything))["data"]["me"]["email"] == "a@x"
            assert (await graph.answer(query, anonymous))["data"]["me"] is None
            assert (await graph.answer(query, holding("x")))["data"]["me"]["email"] is None

    async def test_an_operation_is_planned_once_for_each_outcome(self, graph: Guarded) -> None:
        request = GraphQLRequest("{ me { email } }")
        prepared = [
            await graph.engine.prepare(request, RequestContext(identity=identity))
            for identity in (None, holding(), holding("x"), holding("mail"), holding("mail", "y"))
        ]
        assert prepared[0] is prepared[1] is prepared[2]
        assert prepared[3] is prepared[4]
        assert prepared[0] is not prepared[3]

    async def test_one_document_has_several_operations(self, graph: Guarded) -> None:
        query = "query A { me { email } } query B { motto }"
        for name, expected in (("A", {"me": {"email": None}}), ("B", {"motto": "!"})):
            response = await graph.engine.execute(GraphQLRequest(query, name), RequestContext())
            assert response.data == expected
        unknown = await graph.engine.execute(GraphQLRequest(query, "C"), RequestContext())
        assert unknown.errors[0]["extensions"]["code"] == "OPERATION_RESOLUTION_FAILURE"

    async def test_fragments_within_fragments_are_looked_at_once(self, graph: Guarded) -> None:
        spread = " ".join(f"fragment F{n} on Person {{ friend {{ ...F{n + 1} }} ...F{n + 1} }}" for n in range(5))
        answer = await graph.answer(f"{{ me {{ ...F0 }} }} {spread} fragment F5 on Person {{ email }}")
        assert answer["data"]["me"]["email"] is None


@pytest.mark.parametrize(("reject", "status"), [(False, 200), (True, 401)])
async def test_over_http(*, reject: bool, status: int) -> None:
    graph = Guarded(Access(reject=reject))
    app = create_app(graph.engine)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://router") as client:
        answer = await client.post("/graphql", json={"query": "{ me { email } }"})
    assert answer.status_code == status
    assert answer.json()["errors"] == [denied("me", "email")]
    assert ("data" in answer.json()) is not reject
    assert ("www-authenticate" in answer.headers) is reject
