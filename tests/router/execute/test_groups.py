"""Several groups of entities travel in one request, and each gets what is its own."""

from typing import Any

from router.execute.json import JSONObject
from router.plan.nodes import Condition, Each, EntityGroup, Key, QueryPlan, Representation, RepresentationField
from tests.router.execute.graphs import Graph, Reply, fetch, graph, plan, select

SDL = "type Query { items: [Item] best: Item } type Item { stock: Int name: String }"
TEXT = (
    "query ($_r0: [_Any!]!, $_r1: [_Any!]!) { "
    "_e0: _entities(representations: $_r0) { ... on Item { stock } } "
    "_e1: _entities(representations: $_r1) { ... on Item { name } } }"
)
ITEM = Representation(frozenset({"Item"}), None, (RepresentationField("id", "id"),))
FIRST = {"__typename": "Item", "id": 1}
SECOND = {"__typename": "Item", "id": 2}


def groups(when: tuple[Condition, ...] = ()) -> tuple[EntityGroup, ...]:
    """The stock of items, and the best one's name."""
    return (
        EntityGroup(((Key("items"), Each()),), (ITEM,), "", "_e0", "_r0"),
        EntityGroup(((Key("best"),),), (ITEM,), "", "_e1", "_r1", when),
    )


def query(store: Graph, entities: tuple[EntityGroup, ...], text: str = TEXT) -> QueryPlan:
    """Items and the best of them, then more about both."""
    return plan(
        [
            fetch(0, "items", "{ items { __typename id } best { __typename id } }"),
            fetch(1, "more", text, entities=entities, after=frozenset({0})),
        ],
        select(store.schema, "Query", {"items": ["stock", "name"], "best": ["stock", "name"]}),
    )


def store(reply: Reply, best: JSONObject | None = SECOND) -> Graph:
    """Two items of which one is the best; a second subgraph that knows more."""
    return graph(SDL, items=[{"data": {"items": [FIRST, SECOND], "best": best and {**best}}}], more=[reply])


async def test_each_group_is_sent_and_merged_on_its_own() -> None:
    known = store({"data": {"_e0": [{"stock": 5}, {"stock": 6}], "_e1": [{"name": "B"}]}})
    response = await known.execute(query(known, groups()))
    assert known.subgraphs["more"].asked == [(TEXT, {"_r0": [FIRST, SECOND], "_r1": [SECOND]})]
    assert response.as_json() == {
        "data": {
            "items": [{"stock": 5, "name": None}, {"stock": 6, "name": None}],
            "best": {"stock": None, "name": "B"},
        }
    }


async def test_a_group_with_several_paths_describes_an_object_of_both_once() -> None:
    text = (
        "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Item { stock } } }"
    )
    known = store({"data": {"_entities": [{"stock": 5}, {"stock": 6}]}})
    both = EntityGroup(((Key("items"), Each()), (Key("best"),)), (ITEM,))
    response = await known.execute(query(known, (both,), text))
    assert known.subgraphs["more"].asked == [(text, {"representations": [FIRST, SECOND]})]
    assert response.data is not None
    assert response.data["best"] == {"stock": 6, "name": None}


async def test_a_group_whose_condition_fails_sends_nothing() -> None:
    known = store({"data": {"_e0": [{"stock": 5}, {"stock": 6}], "_e1": []}})
    entities = groups((Condition("named", value=True),))
    response = await known.execute(query(known, entities), named=False)
    assert known.subgraphs["more"].asked[0][1] == {"_r0": [FIRST, SECOND], "_r1": []}
    assert response.errors == []


async def test_a_group_that_describes_nothing_may_be_left_unanswered() -> None:
    known = store({"data": {"_e0": [{"stock": 5}, {"stock": 6}]}}, best=None)
    response = await known.execute(query(known, groups()))
    assert response.as_json() == {
        "data": {"items": [{"stock": 5, "name": None}, {"stock": 6, "name": None}], "best": None}
    }


async def test_without_anything_to_describe_nothing_is_sent() -> None:
    known = graph(SDL, items=[{"data": {"items": [], "best": None}}], more=[])
    response = await known.execute(query(known, groups()))
    assert response.as_json() == {"data": {"items": [], "best": None}}
    assert known.subgraphs["more"].asked == []


async def test_an_error_is_told_where_its_own_group_found_the_object() -> None:
    def fail(_: object) -> dict[str, Any]:
        errors = [{"message": "no stock", "path": ["_e0", 1, "stock"]}, {"message": "no name", "path": ["_e1", 0]}]
        return {"data": {"_e0": [{"stock": 5}, {"stock": None}], "_e1": [None]}, "errors": errors}

    known = store(fail)
    response = await known.execute(query(known, groups()))
    assert [error["path"] for error in response.errors] == [["items", 1, "stock"], ["best"]]


async def test_an_error_of_the_whole_request_is_told_at_every_place_it_concerns() -> None:
    known = store({"data": None, "errors": [{"message": "out of order"}]})
    response = await known.execute(query(known, groups()))
    assert [error["path"] for error in response.errors] == [["items"], ["best"]]


async def test_too_few_entities_in_one_group_are_an_error() -> None:
    known = store({"data": {"_e0": [{"stock": 5}], "_e1": [{"name": "B"}]}})
    response = await known.execute(query(known, groups()))
    assert {error["extensions"]["code"] for error in response.errors} == {"SUBGRAPH_MALFORMED_RESPONSE"}
