"""An answer of one subgraph that is the client's as it is never becomes data; any other goes the usual way."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from graphql import build_schema

from router.execute import Executor, Response, SubgraphRequest, SubgraphResponse
from router.execute.transport.base import parse_response
from router.plan.nodes import QueryPlan
from tests.router.execute.graphs import fetch, plan, select

SCHEMA = build_schema("""
    type Query { items: [Item] best: Item! any: Anything pet: Pet }
    type Item { id: ID! name: String size: Int weight: Float sold: Boolean kind: Kind tags: [String!] owner: Item }
    enum Kind { BOOK FILM }
    scalar Anything
    interface Pet { name: String }
    type Dog implements Pet { name: String }
""")
ITEM = ["id", "name", "size", "weight", "sold", "kind", "tags", "__typename"]


@dataclass
class Wire:
    """A subgraph that answers with a text."""

    body: bytes

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        raw = None if request.rewrite is None else request.rewrite(self.body)
        return parse_response(orjson.loads(self.body)) if raw is None else SubgraphResponse(None, raw=raw)

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        pass


def text_of(selection: Mapping[str, Any] | Sequence[str]) -> str:
    """A selection as GraphQL."""
    nested: Mapping[str, Any] = selection if isinstance(selection, Mapping) else dict.fromkeys(selection, ())
    fields = [f"{name} {text_of(inner)}" if inner else name for name, inner in nested.items()]
    return f"{{ {' '.join(fields)} }}"


def query(selection: Any) -> QueryPlan:
    return plan(
        [fetch(0, "items", text_of(selection))],
        select(SCHEMA, "Query", selection),
        inaccessible={"Kind": frozenset({"SECRET"})},
    )


async def answer(body: bytes, selection: Any, *, raw: bool = True, max_objects: int = 100) -> Response:
    executor = Executor(query(selection), {"items": Wire(body)}, SCHEMA, max_objects=max_objects, compile_after=0)
    return await executor.execute({}, {}, raw=raw)


PLAIN = b"""{ "data": {"best": {"extra": [1], "owner": {"id": "2", "name": null, "x": {}}, "kind": "BOOK",
    "id": "1 \\u00e9\\ud83d\\ude00", "tags": [], "weight": 1, "size": -5, "sold": true}}, "errors": null}"""
SELECTION = {"best": {**dict.fromkeys(ITEM, ()), "owner": ["id", "name"]}}


async def test_what_is_in_order_is_text_all_the_way() -> None:
    response = await answer(PLAIN, SELECTION)
    assert response.raw is not None
    assert response.as_bytes() == (await answer(PLAIN, SELECTION, raw=False)).as_bytes()
    assert list(orjson.loads(response.raw)["best"]) == [*ITEM, "owner"]


@pytest.mark.parametrize(
    "best",
    [
        "null",
        "[]",
        "{}",
        '{"id": 7}',
        '{"id": null}',
        '{"id": "1", "size": 1.0}',
        '{"id": "1", "size": 1.5}',
        '{"id": "1", "size": true}',
        '{"id": "1", "size": 2147483648}',
        '{"id": "1", "weight": "1"}',
        '{"id": "1", "sold": 0}',
        '{"id": "1", "kind": "SECRET"}',
        '{"id": "1", "kind": "OTHER"}',
        '{"id": "1", "tags": [null]}',
        '{"id": "1", "tags": "a"}',
        '{"id": "1", "name": []}',
        '{"id": "1", "owner": {"id": null}}',
    ],
)
async def test_everything_else_goes_the_usual_way(best: str) -> None:
    body = f'{{"data": {{"best": {best}}}}}'.encode()
    response = await answer(body, SELECTION)
    assert response.raw is None
    assert response == await answer(body, SELECTION, raw=False)


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"items": []}, "errors": [{"message": "no"}]}',
        b'{"data": {"items": []}, "extensions": {"cost": 1}}',
        b'{"data": null, "errors": [{"message": "no"}]}',
        b'{"data": {"items": [' + b",".join([b'{"id":"1"}'] * 60) + b"]}}",
    ],
    ids=["errors", "extensions", "nothing", "more objects than are certainly few enough"],
)
async def test_what_has_more_to_it_goes_the_usual_way(body: bytes) -> None:
    response = await answer(body, {"items": ["id"]})
    assert response.raw is None
    assert response == await answer(body, {"items": ["id"]}, raw=False)


@pytest.mark.parametrize("selection", [["any"], {"pet": ["name"]}, {"pet": {"... on Dog": ["name"]}}])
async def test_what_only_the_interpreter_can_decide_is_read(selection: Any) -> None:
    body = b'{"data": {"any": 1.50, "pet": {"__typename": "Dog", "name": "Rex"}}}'
    response = await answer(body, selection)
    assert response.raw is None
    assert response == await answer(body, selection, raw=False)


async def test_a_subgraph_that_is_never_in_order_is_not_tried_for_ever() -> None:
    wire = Wire(b'{"data": {"items": [{"id": 1}]}}')
    executor = Executor(query({"items": ["id"]}), {"items": wire}, SCHEMA, compile_after=0)
    for _ in range(30):
        assert (await executor.execute({}, {}, raw=True)).data == {"items": [{"id": "1"}]}
    wire.body = b'{"data": {"items": [{"id": "1"}]}}'
    assert (await executor.execute({}, {}, raw=True)).raw is None


async def test_who_does_not_take_text_gets_data() -> None:
    assert (await answer(PLAIN, SELECTION, raw=False)).raw is None
