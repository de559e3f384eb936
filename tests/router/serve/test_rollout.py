"""The authenticate hook says which progressive overrides hold for a request."""

from collections.abc import Mapping
from typing import Any

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.plan import Rollout
from router.serve import Engine, GraphQLRequest, RequestContext

HEADER = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])\n'
OLD = f'{HEADER} type Query {{ book: Book }} type Book @key(fields: "id") {{ id: ID! title: String }}'
NEW = f'{HEADER} type Book @key(fields: "id") {{ id: ID! title: String @override(from: "old", label: "titles") }}'


async def old(*_: Any) -> Mapping[str, Any]:
    """A book with all that may be asked of it."""
    return {"data": {"book": {"__typename": "Book", "id": "1", "title": "old"}}}


async def new(*_: Any) -> Mapping[str, Any]:
    """The same book's title."""
    return {"data": {"_entities": [{"title": "new"}]}}


async def title(engine: Engine, rollout: Rollout) -> str:
    """The book's title for a request."""
    response = await engine.execute(GraphQLRequest("{ book { title } }"), RequestContext(rollout=rollout))
    assert response.data is not None, response.errors
    return response.data["book"]["title"]


async def test_each_request_gets_the_plan_of_its_labels() -> None:
    composed = compose([Subgraph("old", "http://old", OLD), Subgraph("new", "http://new", NEW)])
    assert isinstance(composed, Composed), composed
    transports = {"old": InProcessTransport(old), "new": InProcessTransport(new)}
    engine = Engine.from_sdl(composed.supergraph_sdl, transports)
    with_label, without = Rollout(frozenset({"titles"})), Rollout()
    assert [await title(engine, each) for each in (with_label, without, with_label)] == ["new", "old", "new"]
