"""What is derived from a value that failed is null, and never worked out from null instead."""

from dataclasses import replace
from typing import Any

import pytest

from router.execute import Response
from router.plan.nodes import Each, EntityGroup, Key, Representation, RepresentationField
from tests.router.execute.graphs import Graph, described, fetch, graph, plan, select

SDL = """
    type Query { items: [Item!] }
    type Item { id: ID! price: Int parts: [Part] shipping: Int stock: Int }
    type Part { size: Int }
"""
PRICE = RepresentationField("price", "price", is_key=False, is_optional=True)
SIZE = RepresentationField("size", "size", is_key=False, is_optional=True)
PARTS = RepresentationField("parts", "parts", (SIZE,), is_key=False, is_optional=True)
ITEM = Representation(frozenset({"Item"}), None, (RepresentationField("id", "id"), PRICE, PARTS))
FAILED = {"message": "lost"}


def asking(**derived: str) -> EntityGroup:
    """A group of the items, with what each of its fields requires."""
    (group,) = described(Key("items"), Each(), shapes=[ITEM])
    return replace(group, derived=tuple((key, frozenset(names.split())) for key, names in derived.items()))


async def answer(
    group: EntityGroup, items: list[dict[str, Any]], failing: list[Any], **entity: int
) -> tuple[Response, Graph]:
    """The items are answered as they are, and each one described with the same entity."""
    data = [{"__typename": "Item", **each} for each in items]
    store = graph(
        SDL,
        items=[{"data": {"items": data}, "errors": [{**FAILED, "path": path} for path in failing]}],
        other=[lambda sent: {"data": {"_entities": [entity for _ in sent["representations"]]}}],
    )
    asked = fetch(1, "other", "query($representations:[_Any!]!){_entities}", entities=(group,), after=frozenset({0}))
    whole = plan([fetch(0, "items", "{items}"), asked], select(store.schema, "Query", {"items": ["shipping", "stock"]}))
    return await store.execute(whole), store


async def test_an_object_is_not_described_for_that_alone() -> None:
    items: list[dict[str, Any]] = [{"id": "a", "price": None, "parts": []}, {"id": "b", "price": 1, "parts": []}]
    response, store = await answer(asking(shipping="price"), items, [["items", 0, "price"]], shipping=5)
    assert response.data == {"items": [{"shipping": None, "stock": None}, {"shipping": 5, "stock": None}]}
    assert [each["id"] for each in store.subgraphs["other"].asked[0][1]["representations"]] == ["b"]


async def test_the_rest_of_it_is_asked_for() -> None:
    items: list[dict[str, Any]] = [{"id": "a", "price": None, "parts": []}]
    response, _ = await answer(asking(shipping="price", stock=""), items, [["items", 0, "price"]], shipping=5, stock=7)
    assert response.data == {"items": [{"shipping": None, "stock": 7}]}


async def test_null_without_an_error_is_a_value() -> None:
    items: list[dict[str, Any]] = [{"id": "a", "price": None, "parts": []}, {"id": "b", "price": None, "parts": []}]
    response, store = await answer(asking(shipping="price"), items, [["items", 0, "price"]], shipping=5)
    assert response.data == {"items": [{"shipping": None, "stock": None}, {"shipping": 5, "stock": None}]}
    assert store.subgraphs["other"].asked[0][1]["representations"][0]["price"] is None


@pytest.mark.parametrize(
    ("parts", "failing"),
    [
        ([{"size": None}], ["items", 0, "parts", 0, "size"]),
        ([None], ["items", 0, "parts", 0, "color"]),
        (None, ["items", 0, "parts", 0, "size"]),
    ],
    ids=["a value", "an object, for something else in it", "a list"],
)
async def test_what_failed_may_be_anywhere_below(parts: Any, failing: list[Any]) -> None:
    items: list[dict[str, Any]] = [{"id": "a", "price": 1, "parts": parts}]
    response, store = await answer(asking(shipping="price parts"), items, [failing], shipping=5)
    assert response.data == {"items": [{"shipping": None, "stock": None}]}
    assert store.subgraphs["other"].asked == []


async def test_a_value_that_never_came_failed_with_its_fetch() -> None:
    response, _ = await answer(asking(shipping="price"), [{"id": "a", "parts": []}], [["items"]], shipping=5)
    assert response.data == {"items": [{"shipping": None, "stock": None}]}
