"""Answers of several subgraphs are records from the text that comes to the text that goes, where all is in order."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from graphql import build_schema

from router.execute import Executor, Response, SubgraphRequest, SubgraphResponse
from router.execute.generated.misses import MAX_MISSES, RETRIED
from router.execute.json import read_json
from router.execute.transport import SubgraphUnreachable
from router.execute.transport.base import parse_response
from router.plan.nodes import Each, EntityGroup, Key, QueryPlan, Representation, RepresentationField
from tests.router.execute.graphs import fetch, plan, select

SCHEMA = build_schema("""
    type Query { shelf: Shelf items: [Item] }
    type Shelf { best: Item items: [[Item!]] }
    type Item { id: ID! name: String size: Int! price: Float at: Moment parts: [Part!] }
    type Part { code: String label: String }
    scalar Moment
""")
ITEM = {"__typename": (), "size": (), "name": (), "at": (), "parts": {"label": (), "code": ()}}
SELECTION: Mapping[str, Any] = {"shelf": {"items": ITEM, "best": ITEM}, "items": {"id": (), **ITEM}}


def item(id_: object, **more: Any) -> Mapping[str, Any]:
    return {"__typename": "Item", "id": id_, "price": 2.5, "unasked": [1], **more}


SHELF: Mapping[str, Any] = {"shelf": {"items": [[item("1"), item("2")], None, []], "best": item("1")}}
ITEMS: Mapping[str, Any] = {"items": [item("2"), None, item("3")]}


def sized(size: Any, **more: Any) -> Mapping[str, Any]:
    parts = [{"code": f"é{size}", "__typename": "Part"}]
    return {"name": None, "size": size, "at": "now", "parts": parts, "unasked": {}, **more}


SIZES: Mapping[str, Any] = {"_e0": [sized(1), sized(2), sized(3)]}
LABELS: Mapping[str, Any] = {"_entities": [{"label": "a"}, {"label": None}, {"label": "c"}]}


@dataclass
class Wire:
    """A subgraph that answers with a text."""

    answer: Mapping[str, Any] | bytes | None
    sent: list[Any] = field(default_factory=list[Any])
    read_as_records: list[bool] = field(default_factory=list[bool])

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        self.read_as_records.append(request.rewrite is not None)
        self.sent.append(orjson.loads(orjson.dumps(request.variables)))
        if self.answer is None:
            raise SubgraphUnreachable("nobody there")
        body = self.answer if isinstance(self.answer, bytes) else orjson.dumps(self.answer)
        raw = None if request.rewrite is None else request.rewrite(body)
        if raw is not None:
            return SubgraphResponse(None, raw=raw, size=len(body))
        return parse_response(read_json(body))

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        pass


def asking(alias: str, variable: str, text: str) -> str:
    return f"query (${variable}: [_Any!]!) {{ {alias}: _entities(representations: ${variable}) {text} }}"


def planned() -> QueryPlan:
    """Items in three places, what another subgraph says of them, and what a third says of their parts."""
    shelved = (Key("shelf"), Key("items"), Each(), Each())
    best = (Key("shelf"), Key("best"))
    listed = (Key("items"), Each())
    priced = (RepresentationField("id", "id", is_key=True), RepresentationField("price", "price", is_key=False))
    of_item = Representation(frozenset({"Item"}), None, priced)
    of_part = Representation(frozenset({"Part"}), None, (RepresentationField("code", "code", is_key=True),))
    text = "{ ... on Item { name size at parts { __typename code } } }"
    sizes = EntityGroup((shelved, best, listed), (of_item,), text=text, alias="_e0", variable="_r0")
    paths = tuple((*path, Key("parts"), Each()) for path in (shelved, best, listed))
    labelled = "{ ... on Part { label } }"
    labels = EntityGroup(paths, (of_part,), text=labelled)
    fields = "{ __typename id price }"
    return plan(
        [
            fetch(0, "shelves", f"{{ shelf {{ items {fields} best {fields} }} }}"),
            fetch(1, "items", f"{{ items {fields} }}"),
            fetch(2, "sizes", asking("_e0", "_r0", text), entities=(sizes,), after=frozenset({0, 1})),
            fetch(
                3, "labels", asking("_entities", "representations", labelled), entities=(labels,), after=frozenset({2})
            ),
        ],
        select(SCHEMA, "Query", SELECTION),
    )


@dataclass
class Outcome:
    response: Response
    sent: Mapping[str, Sequence[Any]]


async def outcomes(max_objects: int = 1_000, **answers: Any) -> tuple[Outcome, Outcome]:
    """With code, for somebody who takes text; and without."""
    given: Mapping[str, Any] = {
        "shelves": {"data": SHELF},
        "items": {"data": ITEMS},
        "sizes": {"data": SIZES},
        "labels": {"data": LABELS},
        **answers,
    }
    found: list[Outcome] = []
    for after in (0, None):
        wires = {name: Wire(answer) for name, answer in given.items()}
        executor = Executor(planned(), wires, SCHEMA, max_objects=max_objects, compile_after=after)
        response = await executor.execute({}, {}, raw=True)
        found.append(Outcome(response, {name: each.sent for name, each in wires.items()}))
    return found[0], found[1]


async def test_what_is_in_order_is_never_data() -> None:
    made, read = await outcomes()
    assert made.response.raw is not None
    assert made.response.as_bytes() == read.response.as_bytes()
    assert made.sent == read.sent
    best = orjson.loads(made.response.as_bytes())["data"]["shelf"]["best"]
    assert list(best) == list(ITEM)
    assert best["parts"] == [{"label": "a", "code": "é1"}]


@pytest.mark.parametrize(
    "answers",
    [
        {"sizes": {"data": {"_e0": [sized(1), None, sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized("2"), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized(2.5), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized(None), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized(2, at=2**60), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized(2, parts={}), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1), sized(2, parts=[{"code": None, "__typename": "Part"}]), sized(3)]}}},
        {"sizes": {"data": {"_e0": [sized(1)]}}},
        {"sizes": {"data": {"_e0": {}}}},
        {"sizes": {"data": None, "errors": [{"message": "no", "path": ["_e0", 1, "size"]}]}},
        {"sizes": {"data": SIZES, "errors": [{"message": "no", "path": ["_e0", 1, "size"]}]}},
        {"sizes": {"data": SIZES, "extensions": {"cost": 1}}},
        {"sizes": None},
        {"labels": None},
        {"labels": {"data": {"_entities": [{"label": "a"}, None, {"label": 3}]}}},
        {"shelves": None},
        {"shelves": {"data": {"shelf": None}}, "items": {"data": {"items": [item("7", price=None), item(None)]}}},
        {"items": {"data": {"items": [item("2", price="?"), item(2)]}}},
        {"items": {"data": {"items": [{"__typename": "Other", "id": "2"}, item("3")]}}},
        {"items": {"data": {"items": [{"__typename": "Item", "id": "2"}, item("3")]}}},
        {"items": {"data": {}, "errors": [{"message": "no", "path": ["items", 0, "id"]}]}},
    ],
)
async def test_everything_else_ends_as_if_there_had_been_no_records(answers: Mapping[str, Any]) -> None:
    made, read = await outcomes(**answers)
    assert made.response.as_bytes() == read.response.as_bytes()
    assert made.sent == read.sent


@pytest.mark.parametrize("max_objects", [3, 6, 12, 100, 400])
async def test_objects_are_counted_where_there_might_be_too_many(max_objects: int) -> None:
    many = sized(1, parts=[{"code": str(each), "__typename": "Part"} for each in range(20)])
    labels = {"data": {"_entities": [{"label": "x"}] * 60}}
    made, read = await outcomes(max_objects, sizes={"data": {"_e0": [many] * 3}}, labels=labels)
    assert made.response.as_bytes() == read.response.as_bytes()
    assert made.sent == read.sent


async def test_one_object_in_many_places_is_counted_in_each() -> None:
    shelf = {"shelf": {"items": [[item("1")] * 30], "best": None}}
    many = sized(1, parts=[{"code": "same", "__typename": "Part"}] * 50)
    answers: Mapping[str, Any] = {
        "shelves": {"data": shelf},
        "items": {"data": {"items": []}},
        "sizes": {"data": {"_e0": [many]}},
    }
    made, read = await outcomes(1_000, **answers, labels={"data": {"_entities": [{"label": "x"}]}})
    assert made.response.as_json()["errors"][0]["extensions"] == {"code": "OPERATION_TOO_COMPLEX"}
    assert made.response.as_bytes() == read.response.as_bytes()


@pytest.mark.parametrize("failing", [None, {"data": {"_entities": [None] * 3}, "errors": [{"message": "no"}]}])
async def test_what_comes_unasked_never_passes_for_what_another_subgraph_knows(failing: Any) -> None:
    parts = [{"code": "x", "__typename": "Part", "label": "made up"}]
    sizes = {"data": {"_e0": [sized(1, parts=parts), sized(2), sized(3)]}}
    made, read = await outcomes(sizes=sizes, labels=failing)
    assert b"made up" not in made.response.as_bytes()
    assert made.response.as_bytes() == read.response.as_bytes()
    assert made.sent == read.sent


@pytest.mark.parametrize("labels", [{"data": LABELS}, None])
async def test_numbers_of_any_length_stay_what_they_are(labels: Any) -> None:
    body = orjson.dumps({"data": SIZES}).replace(b'"now"', b"123456789012345678901234567890")
    made, read = await outcomes(sizes=body, labels=labels)
    assert b'"at":123456789012345678901234567890' in made.response.as_bytes()
    assert made.response.as_bytes() == read.response.as_bytes()


async def test_a_plan_whose_subgraphs_are_not_in_order_for_long_tries_records_now_and_then() -> None:
    shelves = Wire({"data": SHELF, "extensions": {"cost": 1}})
    others = {"items": Wire({"data": ITEMS}), "sizes": Wire({"data": SIZES}), "labels": Wire({"data": LABELS})}
    executor = Executor(planned(), {"shelves": shelves, **others}, SCHEMA, compile_after=0)
    for _ in range(MAX_MISSES + RETRIED):
        await executor.execute({}, {}, raw=True)
    assert shelves.read_as_records == [True] * MAX_MISSES + [False] * (RETRIED - 1) + [True]
    shelves.answer = {"data": SHELF}
    for _ in range(RETRIED):
        await executor.execute({}, {}, raw=True)
    assert (await executor.execute({}, {}, raw=True)).raw is not None
    assert (await executor.execute({}, {}, raw=True)).raw is not None
