"""An engine gives what is deferred later to those who ask for it, and everything at once to the others."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport, Transport
from router.execute.incremental import Delivered, IncrementalResponse, Pending, Update
from router.execute.response import Response
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.serve.streams.guard import guarded
from tests.router.execute.increments import collect
from tests.router.serve.test_engine import PRODUCTS, REVIEWS, products, reviews

QUERY = "{ products { name ... @defer { reviews { body } } } }"
ANSWER = {"products": [{"name": f"P{n}", "reviews": [{"body": f"of {n}"}]} for n in (1, 2)]}


def make_engine(limits: Limits | None = None, *, defer: bool = True, **others: Transport) -> Engine:
    """An engine over two subgraphs, one of which may be reached in another way."""
    extended = PRODUCTS + "type Mutation { restock: Product }"
    composed = compose(
        [Subgraph("products", "http://products", extended), Subgraph("reviews", "http://reviews", REVIEWS)]
    )
    assert isinstance(composed, Composed)
    transports = {"products": InProcessTransport(products), "reviews": InProcessTransport(reviews)} | others
    return Engine.from_sdl(composed.supergraph_sdl, transports, limits, defer=defer)


async def ask(engine: Engine, query: str, variables: Mapping[str, Any] | None = None) -> IncrementalResponse:
    return await engine.execute_incrementally(GraphQLRequest(query, variables=dict(variables or {})), RequestContext())


async def test_what_is_deferred_comes_later() -> None:
    response = await ask(make_engine(), QUERY)
    assert response.initial.data == {"products": [{"name": "P1"}, {"name": "P2"}]}
    assert await collect(response) == (ANSWER, [])


async def test_who_does_not_ask_for_it_gets_one_answer() -> None:
    response = await make_engine().execute(GraphQLRequest(QUERY), RequestContext())
    assert response.as_json() == {"data": ANSWER}


async def test_without_anything_deferred_there_is_one_answer() -> None:
    response = await ask(make_engine(), "{ products { name } }")
    assert not response.has_next
    assert [update async for update in response.updates] == []
    assert response.as_json() == {"data": {"products": [{"name": "P1"}, {"name": "P2"}]}}


@pytest.mark.parametrize("deferring", [True, False])
async def test_a_variable_decides(deferring: bool) -> None:  # noqa: FBT001 - a parameter
    query = "query ($d: Boolean! = false) { products { name ... @defer(if: $d) { reviews { body } } } }"
    response = await ask(make_engine(), query, {"d": deferring})
    assert response.has_next is deferring
    assert await collect(response) == (ANSWER, [])


@pytest.mark.parametrize("schema", ["... on Query @defer { ...F }", "...F @defer"])
async def test_what_the_schema_says_of_itself_is_not_deferred(schema: str) -> None:
    query = f"""
        query ($d: Boolean = true) {{ {schema} ... @defer {{ products {{ name }} }} }}
        fragment F on Query {{ __schema {{ ... @defer(if: $d) {{ queryType {{ name }} }} }} }}
    """
    answer = {"__schema": {"queryType": {"name": "Query"}}, "products": [{"name": "P1"}, {"name": "P2"}]}
    response = await ask(make_engine(), query)
    assert response.initial.data == {"__schema": answer["__schema"]}
    assert await collect(response) == (answer, [])
    assert (await make_engine().execute(GraphQLRequest(query), RequestContext())).as_json() == {"data": answer}


class TestSchema:
    async def test_the_directive_is_in_the_schema_where_clients_may_use_it(self) -> None:
        query = "{ __schema { directives { name } } }"
        for defer in (True, False):
            response = await ask(make_engine(defer=defer), query)
            assert response.initial.data is not None
            names = [each["name"] for each in response.initial.data["__schema"]["directives"]]
            assert ("defer" in names) is defer

    async def test_elsewhere_it_is_unknown(self) -> None:
        response = await ask(make_engine(defer=False), QUERY)
        assert [each["extensions"]["code"] for each in response.initial.errors] == ["GRAPHQL_VALIDATION_FAILED"]

    @pytest.mark.parametrize(
        "query",
        [
            '{ products { ... @defer(label: "a") { name } ... @defer(label: "a") { upc } } }',
            "query ($l: String) { products { ... @defer(label: $l) { name } } }",
            "mutation { ... @defer { restock { name } } }",
            "{ products { name @defer } }",
        ],
    )
    async def test_its_rules_hold(self, query: str) -> None:
        response = await ask(make_engine(), query)
        assert {each["extensions"]["code"] for each in response.initial.errors} == {"GRAPHQL_VALIDATION_FAILED"}
        assert not response.has_next


class TestRefusals:
    async def test_variables_are_checked(self) -> None:
        response = await ask(make_engine(), "query ($d: Boolean!) { products { ... @defer(if: $d) { name } } }")
        assert [each["extensions"]["code"] for each in response.initial.errors] == ["BAD_USER_INPUT"]

    async def test_the_objects_of_all_that_comes_are_bounded(self) -> None:
        response = await ask(make_engine(Limits(objects=5)), QUERY)
        data, errors = await collect(response)
        assert data == {"products": [{"name": "P1"}, {"name": "P2"}]}
        assert {each["extensions"]["code"] for each in errors} == {"OPERATION_TOO_COMPLEX"}

    async def test_a_bug_ends_what_was_announced(self) -> None:
        first, second = (Pending(str(n), (), None) for n in range(2))

        async def updates() -> AsyncGenerator[Update]:
            yield Update([], [Delivered(first, (), {"a": 1}, [])], [], has_next=True)
            raise RuntimeError("secret")

        response = guarded(IncrementalResponse(Response({}), [first, second], updates()))
        *_, last = [update.as_json() async for update in response.updates]
        assert last["hasNext"] is False
        assert [each["id"] for each in last["completed"]] == ["0", "1"]
        assert "secret" not in str(last)
