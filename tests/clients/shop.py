"""A small shop in two subgraphs, served by the router to clients from elsewhere."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from strawberry.federation import Schema
from strawberry.types import ExecutionResult

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.serve import Engine, create_app
from router.serve.http.config import HttpPolicy
from router.serve.persisted import PersistedOperations, PersistedPolicy

STOCK = 5
NAMES = {str(number): f"Product {number}" for number in range(1, STOCK + 1)}


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class Product(Node):
    id: strawberry.ID
    name: str

    @classmethod
    def of(cls, id: str) -> "Product":
        return cls(id=strawberry.ID(id), name=NAMES[id])


@strawberry.type
class Edge:
    cursor: str
    node: Product


@strawberry.type
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type
class ProductConnection:
    edges: list[Edge]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    def product(self, id: strawberry.ID) -> Product | None:
        return Product.of(id) if id in NAMES else None

    @strawberry.field
    def node(self, id: strawberry.ID) -> Node | None:
        return Product.of(id) if id in NAMES else None

    @strawberry.field
    def products(self, first: int = 2, after: str | None = None) -> ProductConnection:
        begin = int(after or 0)
        ids = [str(number) for number in range(begin + 1, min(begin + first, STOCK) + 1)]
        edges = [Edge(cursor=id_, node=Product.of(id_)) for id_ in ids]
        page = PageInfo(
            has_next_page=begin + first < STOCK,
            has_previous_page=begin > 0,
            start_cursor=ids[0] if ids else None,
            end_cursor=ids[-1] if ids else None,
        )
        return ProductConnection(edges=edges, page_info=page)

    @strawberry.field
    def broken(self) -> str | None:
        raise GraphQLError("This is always so.")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, id: strawberry.ID, name: str) -> Product:
        return Product(id=id, name=name)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, up_to: int) -> AsyncGenerator[int]:
        for number in range(1, up_to + 1):
            yield number

    @strawberry.subscription
    async def ticks(self, info: strawberry.Info[dict[str, Any], None]) -> AsyncGenerator[int]:
        """For ever, from after the tick that the client has heard last."""
        number = int(info.context["headers"].get("last-event-id", 0))
        while True:
            number += 1
            info.context["cursor"] = str(number)
            yield number
            await asyncio.sleep(0.01)


@strawberry.type
class Review:
    id: strawberry.ID
    body: str


@strawberry.federation.type(name="Product", keys=["id"])
class ReviewedProduct:
    id: strawberry.ID

    @strawberry.field
    async def reviews(self) -> list[Review]:
        await asyncio.sleep(0.02)
        return [Review(id=strawberry.ID(f"r{self.id}"), body=f"of {self.id}")]

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "ReviewedProduct":
        return cls(id=id)


SUBGRAPHS = {
    "products": Schema(query=Query, mutation=Mutation, subscription=Subscription, types=[Product]),
    "reviews": Schema(types=[ReviewedProduct]),
}


def transport(schema: Schema) -> InProcessTransport:
    """The subgraph of a schema."""

    async def execute(
        query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return _answer(await schema.execute(query, dict(variables or {}), {"headers": headers}, operation_name=name))

    async def subscribe(
        query: str, variables: Mapping[str, Any] | None, name: str | None, headers: Mapping[str, str]
    ) -> AsyncGenerator[Mapping[str, Any]]:
        context: dict[str, Any] = {"headers": headers}
        events: Any = await schema.subscribe(query, dict(variables or {}), context, operation_name=name)
        try:
            async for event in events:
                extensions = {"extensions": {"cursor": context["cursor"]}} if "cursor" in context else {}
                yield {**_answer(event), **extensions}
        finally:
            await events.aclose()

    return InProcessTransport(execute, subscribe)


def _answer(result: Any) -> Mapping[str, Any]:
    assert isinstance(result, ExecutionResult)
    return {"data": result.data, "errors": [each.formatted for each in result.errors or ()] or None}


def create_engine() -> Engine:
    """The router's engine over both subgraphs."""
    composed = compose([Subgraph(name, f"http://{name}", schema.as_str()) for name, schema in SUBGRAPHS.items()])
    assert isinstance(composed, Composed), composed
    transports = {name: transport(schema) for name, schema in SUBGRAPHS.items()}
    return Engine.from_sdl(
        composed.supergraph_sdl, transports, defer=True, persisted=PersistedOperations(PersistedPolicy())
    )


def create_shop(server: list[uvicorn.Server]) -> Starlette:
    """The shop; POST `/break` cuts all other connections, as a network does. `server` holds the one that serves it."""

    async def cut(request: Request) -> PlainTextResponse:
        for connection in list(server[0].server_state.connections):
            made: Any = connection
            if made.transport.get_extra_info("peername")[1] != (request.client.port if request.client else None):
                made.transport.abort()
        return PlainTextResponse("cut")

    app = create_app(create_engine(), graphiql=False, http=HttpPolicy(batch=2))
    app.router.routes.append(Route("/break", cut, methods=["POST"]))
    return app
