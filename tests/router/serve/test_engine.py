"""An engine answers over a supergraph, and does the work for an operation once."""

from collections.abc import Mapping
from typing import Any

import pytest

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.plan import PlanningError, QueryPlan
from router.plan.nodes import OperationKind
from router.serve import Engine, GraphQLRequest, Refused, RequestContext
from tests.router.serve.library import LibrarySubgraph, library_engine

PRODUCTS = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Query { products: [Product!]! }
    type Product @key(fields: "upc") { upc: ID! name: String }
"""
REVIEWS = """
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
    type Product @key(fields: "upc") { upc: ID! reviews: [Review!]! }
    type Review { body: String }
"""


def supergraph() -> str:
    composed = compose(
        [Subgraph("products", "http://products", PRODUCTS), Subgraph("reviews", "http://reviews", REVIEWS)]
    )
    assert isinstance(composed, Composed)
    return composed.supergraph_sdl


async def products(query: str, variables: Any, name: Any, headers: Any) -> Mapping[str, Any]:
    return {"data": {"products": [{"__typename": "Product", "upc": upc, "name": f"P{upc}"} for upc in ("1", "2")]}}


async def reviews(query: str, variables: Any, name: Any, headers: Any) -> Mapping[str, Any]:
    entities = [{"reviews": [{"body": f"of {each['upc']}"}]} for each in variables["representations"]]
    return {"data": {"_entities": entities}}


async def ask(engine: Engine, query: str, **rest: Any) -> dict[str, Any]:
    return (await engine.execute(GraphQLRequest(query, **rest), RequestContext())).as_json()


class TestSupergraph:
    @pytest.fixture
    def engine(self) -> Engine:
        transports = {"products": InProcessTransport(products), "reviews": InProcessTransport(reviews)}
        return Engine.from_sdl(supergraph(), transports)

    async def test_one_query_spans_the_subgraphs(self, engine: Engine) -> None:
        assert await ask(engine, "{ products { name reviews { body } } }") == {
            "data": {
                "products": [
                    {"name": "P1", "reviews": [{"body": "of 1"}]},
                    {"name": "P2", "reviews": [{"body": "of 2"}]},
                ]
            }
        }

    async def test_introspection_is_answered_beside_other_fields(self, engine: Engine) -> None:
        answer = await ask(engine, '{ products { upc } t: __type(name: "Review") { name } __typename }')
        assert list(answer["data"]) == ["products", "t", "__typename"]
        assert answer["data"]["t"] == {"name": "Review"}

    @pytest.mark.parametrize("query", ["{ _service { sdl } }", "{ _entities(representations: []) { __typename } }"])
    async def test_the_machinery_of_federation_is_not_public(self, engine: Engine, query: str) -> None:
        answer = await ask(engine, query)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]

    def test_every_subgraph_needs_a_transport(self) -> None:
        with pytest.raises(ValueError, match="No transport for the subgraphs products, reviews"):
            Engine.from_sdl(supergraph(), {})


class TestPreparation:
    async def test_an_operation_is_prepared_once(self) -> None:
        engine = library_engine(LibrarySubgraph())
        request = GraphQLRequest("query A { whoami } query B { slow }", "A")
        first = await engine.prepare(request)
        assert await engine.prepare(GraphQLRequest(request.query, "A")) is first
        assert await engine.prepare(GraphQLRequest(request.query, "B")) is not first

    async def test_the_operation_says_its_kind(self) -> None:
        engine = library_engine(LibrarySubgraph())
        operation = await engine.prepare(GraphQLRequest("subscription { ticks(upTo: 1) }"))
        assert operation.kind is OperationKind.SUBSCRIPTION

    async def test_an_operation_that_cannot_be_planned_is_refused_with_the_planners_code(self) -> None:
        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            raise PlanningError("No way.")

        library = library_engine(LibrarySubgraph())
        answer = await ask(Engine(library.schema, plan, {}), "{ whoami }")
        assert answer == {"errors": [{"message": "No way.", "extensions": {"code": PlanningError.code}}]}

    async def test_a_planner_out_of_stack_is_a_refusal(self) -> None:
        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            raise RecursionError

        library = library_engine(LibrarySubgraph())
        answer = await ask(Engine(library.schema, plan, {}), "{ whoami }")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["OPERATION_TOO_DEEP"]

    async def test_a_bug_is_masked(self, caplog: pytest.LogCaptureFixture) -> None:
        def plan(document: Any, name: Any, labels: Any) -> QueryPlan:
            raise ZeroDivisionError("secret")

        library = library_engine(LibrarySubgraph())
        answer = await ask(Engine(library.schema, plan, {}), "{ whoami }")
        assert [error["message"] for error in answer["errors"]] == ["Internal error"]
        assert "secret" in caplog.text


class TestVariables:
    async def test_defaults_are_applied_and_undeclared_ones_dropped(self) -> None:
        subgraph = LibrarySubgraph()
        query = "query($n: Int = 1) { books(first: $n) { id } }"
        answer = await ask(library_engine(subgraph), query, variables={"other": object()})
        assert answer == {"data": {"books": [{"id": "1"}]}}

    async def test_the_number_of_errors_is_bounded(self) -> None:
        declared = " ".join(f"$v{n}: Int!" for n in range(50))
        used = " ".join(f"b{n}: books(first: $v{n}) {{ id }}" for n in range(50))
        answer = await ask(library_engine(LibrarySubgraph()), f"query({declared}) {{ {used} }}")
        assert len(answer["errors"]) == 21


class TestSubscribe:
    async def test_a_query_is_a_stream_of_one(self) -> None:
        engine = library_engine(LibrarySubgraph())
        stream = engine.subscribe(GraphQLRequest("{ book(id: 1) { id } }"), RequestContext())
        assert [response.data async for response in stream] == [{"book": {"id": "1"}}]

    async def test_a_refusal_is_raised_before_anything_is_sent(self) -> None:
        engine = library_engine(LibrarySubgraph())
        with pytest.raises(Refused):
            await anext(engine.subscribe(GraphQLRequest("{ nothing }"), RequestContext()))
