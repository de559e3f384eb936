"""Plans are run to the answers that the client asked for."""

import asyncio
from collections.abc import Mapping
from typing import Any

from graphql import parse

from router.execute import Executor, InProcessTransport
from router.plan.nodes import (
    Condition,
    Each,
    Fetch,
    Key,
    OnTypes,
    OperationKind,
    ProjectedField,
    QueryPlan,
    Representation,
    RepresentationField,
)
from tests.patience import PATIENCE_SECONDS
from tests.router.execute.graphs import Graph, Reply, described, fetch, field_type, graph, plan, select

STORE = """
    type Query { products: [Product!] top: Product me: User }
    type Product { upc: ID! name: String price: Int inStock: Boolean reviews: [Review!] }
    type Review { body: String author: User }
    type User { id: ID! name: String }
"""

PRODUCT = Representation(frozenset({"Product"}), None, (RepresentationField("upc", "upc"),))
STOCK_TEXT = "query($representations:[_Any!]!){_entities(representations:$representations){...on Product{inStock}}}"


class TestOneFetch:
    async def test_the_answer_has_the_clients_keys_in_the_clients_order(self) -> None:
        store = graph(STORE, products=[{"data": {"top": {"name": "Table", "upc": "1", "extra": True}}}])
        projection = [
            ProjectedField(
                "best",
                "top",
                "top",
                field_type(store.schema, "Query", "top"),
                selections=(
                    ProjectedField("code", "upc", "upc", field_type(store.schema, "Product", "upc")),
                    ProjectedField("name", "name", "name", field_type(store.schema, "Product", "name")),
                ),
            )
        ]
        response = await store.execute(plan([fetch(0, "products", "{top{name upc}}")], projection))
        assert response.as_json() == {"data": {"best": {"code": "1", "name": "Table"}}}
        assert list((response.data or {})["best"]) == ["code", "name"]

    async def test_only_the_variables_of_the_document_are_sent(self) -> None:
        store = graph(STORE, products=[{"data": {"top": {"name": "Table"}}}])
        text = "query($a:Int){top(a:$a){name}}"
        one = fetch(0, "products", text, variables=("a", "absent"))
        await store.execute(plan([one], select(store.schema, "Query", {"top": ["name"]})), a=1, b=2)
        assert store.subgraphs["products"].asked == [(text, {"a": 1})]

    async def test_headers_reach_the_subgraph(self) -> None:
        store = graph(STORE, products=[{"data": {"top": None}}])
        query = plan([fetch(0, "products", "{top{name}}")], select(store.schema, "Query", {"top": ["name"]}))
        await store.executor(query).execute({}, {"authorization": "Bearer x"})
        assert store.subgraphs["products"].headers == [{"authorization": "Bearer x"}]


class TestEntities:
    def stock(self, when: tuple[Condition, ...] = ()) -> Fetch:
        return fetch(
            1,
            "stock",
            STOCK_TEXT,
            entities=described(Key("products"), Each(), shapes=[PRODUCT]),
            after=frozenset({0}),
            when=when,
        )

    def query(self, store: Graph, stock: Fetch) -> QueryPlan:
        return plan(
            [fetch(0, "products", "{products{__typename upc name}}"), stock],
            select(store.schema, "Query", {"products": ["name", "inStock"]}),
        )

    async def test_an_entity_found_twice_is_asked_for_once(self) -> None:
        table = {"__typename": "Product", "upc": "1", "name": "Table"}
        chair = {"__typename": "Product", "upc": "2", "name": "Chair"}
        store = graph(
            STORE,
            products=[{"data": {"products": [table, chair, table]}}],
            stock=[{"data": {"_entities": [{"inStock": True}, {"inStock": False}]}}],
        )
        response = await store.execute(self.query(store, self.stock()))
        assert store.subgraphs["stock"].asked == [
            (
                STOCK_TEXT,
                {"representations": [{"__typename": "Product", "upc": "1"}, {"__typename": "Product", "upc": "2"}]},
            )
        ]
        assert response.data == {
            "products": [
                {"name": "Table", "inStock": True},
                {"name": "Chair", "inStock": False},
                {"name": "Table", "inStock": True},
            ]
        }

    async def test_nothing_is_sent_when_there_is_no_object_to_describe(self) -> None:
        store = graph(STORE, products=[{"data": {"products": []}}], stock=[])
        response = await store.execute(self.query(store, self.stock()))
        assert response.as_json() == {"data": {"products": []}}
        assert store.subgraphs["stock"].asked == []

    async def test_an_object_without_its_key_is_left_out(self) -> None:
        keyless = {"__typename": "Product", "name": "Lost"}
        store = graph(STORE, products=[{"data": {"products": [keyless]}}], stock=[])
        response = await store.execute(self.query(store, self.stock()))
        assert response.as_json() == {"data": {"products": [{"name": "Lost", "inStock": None}]}}

    async def test_an_unknown_entity_leaves_its_fields_null(self) -> None:
        table = {"__typename": "Product", "upc": "1", "name": "Table"}
        store = graph(STORE, products=[{"data": {"products": [table]}}], stock=[{"data": {"_entities": [None]}}])
        response = await store.execute(self.query(store, self.stock()))
        assert response.as_json() == {"data": {"products": [{"name": "Table", "inStock": None}]}}

    async def test_objects_of_other_types_are_not_described(self) -> None:
        store = graph(
            STORE,
            products=[
                {"data": {"products": [{"__typename": "Bundle", "upc": "9"}, {"__typename": "Product", "upc": "1"}]}}
            ],
            stock=[{"data": {"_entities": [{"inStock": True}]}}],
        )
        stock = fetch(
            1,
            "stock",
            STOCK_TEXT,
            entities=described(Key("products"), Each(), OnTypes(frozenset({"Product"})), shapes=[PRODUCT]),
            after=frozenset({0}),
        )
        await store.execute(self.query(store, stock))
        assert store.subgraphs["stock"].asked[0][1] == {"representations": [{"__typename": "Product", "upc": "1"}]}

    async def test_a_fetch_whose_condition_fails_is_not_sent(self) -> None:
        table = {"__typename": "Product", "upc": "1", "name": "Table"}
        store = graph(STORE, products=[{"data": {"products": [table]}}], stock=[])
        stock = self.stock(when=(Condition("withStock", value=True),))
        response = await store.execute(self.query(store, stock), withStock=False)
        assert response.errors == []


class TestSchedule:
    async def test_a_fetch_starts_when_its_own_parents_are_done(self) -> None:
        """Fetch 2 needs only fetch 0, and fetch 1 does not end before fetch 2 has started."""
        started = asyncio.Event()

        async def products(*_: Any) -> Mapping[str, Any]:
            return {"data": {"top": {"__typename": "Product", "upc": "1"}}}

        async def users(*_: Any) -> Mapping[str, Any]:
            await started.wait()
            return {"data": {"me": {"name": "Ada"}}}

        async def stock(*_: Any) -> Mapping[str, Any]:
            started.set()
            return {"data": {"_entities": [{"inStock": True}]}}

        store = graph(STORE)
        query = plan(
            [
                fetch(0, "products", "{top{__typename upc}}"),
                fetch(1, "users", "{me{name}}"),
                fetch(2, "stock", STOCK_TEXT, entities=described(Key("top"), shapes=[PRODUCT]), after=frozenset({0})),
            ],
            select(store.schema, "Query", {"top": ["inStock"], "me": ["name"]}),
        )
        transports = {
            name: InProcessTransport(call)
            for name, call in {"products": products, "users": users, "stock": stock}.items()
        }
        async with asyncio.timeout(PATIENCE_SECONDS):
            response = await Executor(query, transports, store.schema).execute({}, {})
        assert response.data == {"top": {"inStock": True}, "me": {"name": "Ada"}}

    async def test_a_fetch_with_two_parents_waits_for_both(self) -> None:
        store = graph(
            STORE,
            products=[{"data": {"top": {"__typename": "Product", "upc": "1"}}}],
            prices=[{"data": {"top": {"price": 5}}}],
            stock=[{"data": {"_entities": [{"inStock": True}]}}],
        )
        shape = Representation(
            frozenset({"Product"}), None, (RepresentationField("upc", "upc"), RepresentationField("price", "price"))
        )
        query = plan(
            [
                fetch(0, "products", "{top{__typename upc}}"),
                fetch(1, "prices", "{top{price}}"),
                fetch(2, "stock", STOCK_TEXT, entities=described(Key("top"), shapes=[shape]), after=frozenset({0, 1})),
            ],
            select(store.schema, "Query", {"top": ["inStock"]}),
        )
        response = await store.execute(query)
        assert store.subgraphs["stock"].asked[0][1] == {
            "representations": [{"__typename": "Product", "upc": "1", "price": 5}]
        }
        assert response.data == {"top": {"inStock": True}}


class TestIntrospection:
    async def test_it_is_answered_without_a_subgraph(self) -> None:
        store = graph(STORE)
        query = plan(
            [],
            [ProjectedField("__type", "__type", "__type", field_type(store.schema, "Query", "__type"))],
            introspection=parse('{__type(name:"User"){name}}'),
        )
        response = await store.execute(query)
        assert response.as_json() == {"data": {"__type": {"name": "User"}}}

    async def test_the_roots_own_name_needs_no_fetch(self) -> None:
        store = graph(STORE)
        name = field_type(store.schema, "Query", "__typename")
        query = plan([], [ProjectedField("a", "__typename", "__typename", name)])
        assert (await store.execute(query)).data == {"a": "Query"}


class TestSubscription:
    def changes(self, *events: Reply) -> tuple[Graph, QueryPlan]:
        """A subscription to products, whose stock another subgraph answers for."""
        sdl = STORE + "type Subscription { changed: Product }"
        stock = [{"data": {"_entities": [{"inStock": flag}]}} for flag in (True, False)]
        store = graph(sdl, products=events, stock=stock)
        entities = fetch(
            1, "stock", STOCK_TEXT, entities=described(Key("changed"), shapes=[PRODUCT]), after=frozenset({0})
        )
        query = plan(
            [
                fetch(0, "products", "subscription{changed{__typename upc}}", kind=OperationKind.SUBSCRIPTION),
                entities,
            ],
            select(store.schema, "Subscription", {"changed": ["upc", "inStock"]}),
            kind=OperationKind.SUBSCRIPTION,
        )
        return store, query

    def event(self, upc: str) -> Reply:
        return {"data": {"changed": {"__typename": "Product", "upc": upc}}}

    async def test_every_event_runs_the_rest_of_the_plan(self) -> None:
        store, query = self.changes(self.event("1"), self.event("2"))
        events = [event.data async for event in store.executor(query).subscribe({}, {})]
        assert events == [
            {"changed": {"upc": "1", "inStock": True}},
            {"changed": {"upc": "2", "inStock": False}},
        ]

    async def test_an_event_may_bring_errors(self) -> None:
        store, query = self.changes({"data": None, "errors": [{"message": "lost", "path": ["changed"]}]})
        (event,) = [event async for event in store.executor(query).subscribe({}, {})]
        assert event.data == {"changed": None}
        assert [error["path"] for error in event.errors] == [["changed"]]

    async def test_a_source_that_breaks_says_so_in_a_last_response(self) -> None:
        store, query = self.changes(self.event("1"), ConnectionError("secret"))
        first, last = [event async for event in store.executor(query).subscribe({}, {})]
        assert first.errors == []
        assert last.data == {"changed": None}
        assert [error["extensions"] for error in last.errors] == [
            {"code": "SUBGRAPH_UNREACHABLE", "serviceName": "products"}
        ]
