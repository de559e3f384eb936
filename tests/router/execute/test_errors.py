"""What goes wrong in one subgraph costs its own fields, and the client learns where."""

from typing import Any

import pytest

from router.execute import Response
from router.plan.nodes import Each, Key, ProjectedField, QueryPlan, Representation, RepresentationField
from tests.router.execute.graphs import Graph, Reply, described, fetch, field_type, graph, plan, select

SDL = """
    type Query { items: [Item!] user: User strict: Int! }
    type Item { id: ID! name: String stock: Int supplier: Supplier }
    type Supplier { name: String country: String! }
    type User { name: String }
"""
ITEM = Representation(frozenset({"Item"}), None, (RepresentationField("id", "id"),))
ENTITIES = "query($representations:[_Any!]!){_entities(representations:$representations){...on Item{stock}}}"
ITEMS = {"data": {"items": [{"__typename": "Item", "id": id_, "name": id_} for id_ in ("a", "b", "a")]}}


def stock_plan(store: Graph) -> QueryPlan:
    stock = fetch(1, "stock", ENTITIES, entities=described(Key("items"), Each(), shapes=[ITEM]), after=frozenset({0}))
    return plan(
        [fetch(0, "items", "{items{__typename id name}}"), stock],
        select(store.schema, "Query", {"items": ["name", "stock"]}),
    )


async def ask(*answers: Reply) -> Response:
    """Two items, one of them twice, whose stock another subgraph answers for."""
    store = graph(SDL, items=[ITEMS], stock=answers)
    return await store.execute(stock_plan(store))


NO_STOCK = {"items": [{"name": "a", "stock": None}, {"name": "b", "stock": None}, {"name": "a", "stock": None}]}


class TestEntityErrors:
    async def test_an_error_stands_at_every_object_it_concerns(self) -> None:
        error = {"message": "lost", "path": ["_entities", 0, "stock"], "extensions": {"code": "LOST", "n": 1}}
        response = await ask({"data": {"_entities": [{"stock": None}, {"stock": 2}]}, "errors": [error]})
        assert response.data == {
            "items": [{"name": "a", "stock": None}, {"name": "b", "stock": 2}, {"name": "a", "stock": None}]
        }
        extensions = {"code": "LOST", "n": 1, "serviceName": "stock"}
        assert response.errors == [
            {"message": "lost", "path": ["items", index, "stock"], "extensions": extensions} for index in (0, 2)
        ]

    @pytest.mark.parametrize("path", [None, [], ["_entities"], ["_entities", 9, "stock"], ["_entities", "x"], "stock"])
    async def test_an_error_without_an_object_stands_at_the_list(self, path: Any) -> None:
        response = await ask({"data": {"_entities": [None, None]}, "errors": [{"message": "lost", "path": path}]})
        assert response.data == NO_STOCK
        extensions = {"code": "DOWNSTREAM_SERVICE_ERROR", "serviceName": "stock"}
        assert response.errors == [{"message": "lost", "path": ["items"], "extensions": extensions}]

    async def test_internals_of_frameworks_are_not_passed_on(self) -> None:
        error: dict[str, Any] = {
            "message": "lost",
            "extensions": {"code": "X", "exception": {}, "stacktrace": ["secret"], "ok": 1},
        }
        response = await ask({"data": {"_entities": [None, None]}, "errors": [error]})
        assert response.errors[0]["extensions"] == {"code": "X", "ok": 1, "serviceName": "stock"}


class TestFailures:
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (ConnectionError("secret"), "SUBGRAPH_UNREACHABLE"),
            ({}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": []}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {"_entities": None}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {"_entities": {}}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {"_entities": [None]}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {"_entities": [None, None, None]}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"data": {"_entities": [{"stock": 1}, 2]}}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"errors": "x"}, "SUBGRAPH_MALFORMED_RESPONSE"),
            ({"errors": [{"text": "x"}]}, "SUBGRAPH_MALFORMED_RESPONSE"),
        ],
        ids=repr,
    )
    async def test_a_broken_answer_costs_its_own_fields_and_one_error(self, answer: Any, code: str) -> None:
        response = await ask(answer)
        assert response.data == NO_STOCK
        (error,) = response.errors
        assert error["path"] == ["items"]
        assert error["extensions"] == {"code": code, "serviceName": "stock"}
        assert "secret" not in error["message"]

    async def test_a_failed_root_fetch_names_its_fields_and_spares_the_rest(self) -> None:
        store = graph(SDL, items=[ITEMS], users=[ConnectionError()])
        query = plan(
            [fetch(0, "items", "{items{name}}"), fetch(1, "users", "{user{name}}")],
            select(store.schema, "Query", {"items": ["name"], "user": ["name"]}),
        )
        response = await store.execute(query)
        assert response.data == {"items": [{"name": "a"}, {"name": "b"}, {"name": "a"}], "user": None}
        assert [error["path"] for error in response.errors] == [["user"]]

    async def test_a_failure_explains_the_nulls_it_causes(self) -> None:
        store = graph(SDL, numbers=[ConnectionError()])
        response = await store.execute(
            plan([fetch(0, "numbers", "{strict}")], select(store.schema, "Query", ["strict"]))
        )
        assert response.data is None
        assert [error["extensions"]["code"] for error in response.errors] == ["SUBGRAPH_UNREACHABLE"]

    async def test_later_fetches_that_lack_their_objects_are_not_sent(self) -> None:
        store = graph(SDL, items=[ConnectionError()], stock=[])
        response = await store.execute(stock_plan(store))
        assert response.data == {"items": None}
        assert [error["path"] for error in response.errors] == [["items"]]


class TestClientPaths:
    async def test_aliases_of_the_client_appear_and_those_of_the_plan_do_not(self) -> None:
        error = {"message": "lost", "path": ["_0", 1, "_1"]}
        store = graph(SDL, items=[{"data": {"_0": [{"_1": "a"}, {"_1": None}]}, "errors": [error]}])
        name = ProjectedField("title", "_1", "name", field_type(store.schema, "Item", "name"))
        items = ProjectedField("all", "_0", "items", field_type(store.schema, "Query", "items"), selections=(name,))
        response = await store.execute(plan([fetch(0, "items", "{_0:items{_1:name}}")], [items]))
        assert [error["path"] for error in response.errors] == [["all", 1, "title"]]

    async def test_an_error_in_what_the_plan_added_stands_at_its_parent(self) -> None:
        error = {"message": "lost", "path": ["items", 0, "_key"]}
        store = graph(SDL, items=[{"data": {"items": [{"name": "a", "_key": None}]}, "errors": [error]}])
        query = plan([fetch(0, "items", "{items{name _key:id}}")], select(store.schema, "Query", {"items": ["name"]}))
        response = await store.execute(query)
        assert response.data == {"items": [{"name": "a"}]}
        assert [error["path"] for error in response.errors] == [["items", 0]]
