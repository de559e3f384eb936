"""Answers of several subgraphs are written as text where everything is in order, and as they are read elsewhere."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from graphql import build_schema

from router.execute import Executor, Response, SubgraphRequest, SubgraphResponse
from router.execute.transport.base import parse_response
from router.plan.nodes import Condition, Each, EntityGroup, Key, QueryPlan, Representation, RepresentationField
from tests.router.execute.graphs import fetch, plan, select

SCHEMA = build_schema("""
    type Query { items: [Item] }
    type Item { id: ID! name: String size: Int! parts: [Part] }
    type Part { code: String }
""")
SELECTION = {"items": {"size": (), "name": (), "id": (), "parts": ["code"]}}
ITEMS: Mapping[str, Any] = {"data": {"items": [{"__typename": "Item", "id": "1"}, {"__typename": "Item", "id": "2"}]}}
SIZED: Mapping[str, Any] = {"sized": True}
ONE: Mapping[str, Any] = {"name": "é", "size": 1, "parts": [{"code": "a"}]}
TWO: Mapping[str, Any] = {"name": None, "size": 2, "parts": None}


@dataclass
class Wire:
    """A subgraph that answers with a text, or with data if it is no text."""

    answer: Mapping[str, Any]
    text: bool = True

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        body = orjson.dumps(self.answer)
        return parse_response(orjson.loads(body), len(body) if self.text else None)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        pass


def planned() -> QueryPlan:
    """Items of one subgraph, and what another knows of them under a condition, with which there are no records."""
    shape = Representation(frozenset({"Item"}), None, (RepresentationField("id", "id", is_key=True),))
    text = "{ ... on Item { name size parts { code } } }"
    group = EntityGroup(((Key("items"), Each()),), (shape,), text=text)
    entities = fetch(
        1,
        "sizes",
        f"query ($representations: [_Any!]!) {{ _entities(representations: $representations) {text} }}",
        entities=(group,),
        after=frozenset({0}),
        when=(Condition("sized", value=True),),
    )
    return plan(
        [fetch(0, "items", "{ items { __typename id } }"), entities],
        select(SCHEMA, "Query", SELECTION),
    )


async def answers(
    items: Mapping[str, Any], sizes: Mapping[str, Any], *, text: bool = True, max_objects: int = 1_000
) -> tuple[Response, Response]:
    """With code, for somebody who takes text; and without."""
    transports = {"items": Wire(items, text), "sizes": Wire(sizes, text)}
    made, read = (
        Executor(planned(), transports, SCHEMA, max_objects=max_objects, compile_after=after) for after in (0, None)
    )
    return await made.execute(SIZED, {}, raw=True), await read.execute(SIZED, {}, raw=True)


def entities(*given: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return {"data": {"_entities": given}}


async def test_what_is_in_order_is_written_at_once() -> None:
    made, read = await answers(ITEMS, entities(ONE, TWO))
    assert made.raw is not None
    assert made.as_bytes() == read.as_bytes()


@pytest.mark.parametrize(
    "sizes",
    [
        entities(ONE, None),
        entities(ONE, {**TWO, "size": "2"}),
        entities(ONE, {**TWO, "size": True}),
        entities(ONE, {**TWO, "size": 2**31}),
        entities(ONE, {**TWO, "parts": {}}),
        entities(ONE),
        {**entities(ONE, TWO), "errors": [{"message": "no"}]},
        {**entities(ONE, TWO), "extensions": {"cost": 1}},
    ],
)
async def test_everything_else_is_read(sizes: Mapping[str, Any]) -> None:
    made, read = await answers(ITEMS, sizes)
    assert made.raw is None
    assert made == read


def same(count: int) -> Mapping[str, Any]:
    """One item in many places."""
    items: Sequence[Any] = [{"__typename": "Item", "id": "1"}] * count
    return {"data": {"items": items}}


async def test_parts_that_have_come_to_be_in_several_places_are_counted() -> None:
    made, read = await answers(same(20), entities({**ONE, "parts": [{"code": "a"}] * 90}), max_objects=1_500)
    assert made.as_json()["errors"][0]["extensions"] == {"code": "OPERATION_TOO_COMPLEX"}
    assert made == read


@pytest.mark.parametrize(("text", "max_objects"), [(True, 100), (False, 1_000)], ids=["much", "no text"])
async def test_what_is_not_certainly_little_is_counted(text: bool, max_objects: int) -> None:  # noqa: FBT001  # a parameter of the test
    made, read = await answers(ITEMS, entities(ONE, TWO), text=text, max_objects=max_objects)
    assert made.raw is None
    assert made == read
