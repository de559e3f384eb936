"""Two subgraphs of a shop behind a stand-in for HTTP, whose values tell whom they were made for.

Whatever is given to somebody else shows in the value, and so does whatever is older than the last change.
"""

# graphql-core declares its wrapping types and its executors generic without naming their arguments everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from graphql import DocumentNode, GraphQLError, GraphQLSchema, build_ast_schema, execute_sync, extend_schema, parse

from router.compose import Composed, Subgraph, compose
from router.execute.transport.base import SubgraphRequest, SubgraphResponse
from router.execute.transport.connection import Reply
from router.execute.transport.http import parse_reply
from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.serve.caching.caches import Caches
from router.serve.caching.config import Caching
from router.serve.telemetry.telemetry import Telemetry

LINKS = """
extend schema
  @link(
    url: "https://specs.apollo.dev/federation/v2.12",
    import: ["@key", "@shareable", "@cacheTag", "@composeDirective"]
  )
  @link(url: "https://example.com/cacheControl/v0.1", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
enum CacheControlScope { PUBLIC PRIVATE }
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
  on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
"""

PRODUCTS = f"""{LINKS}
type Query {{
  product(id: ID!): Product @cacheTag(format: "product-{{$args.id}}")
  products(first: Int): [Product!]! @cacheTag(format: "products")
  node(id: ID!): Node
  mine: String
  stamp: String @cacheControl(maxAge: 60)
  secret: String @cacheControl(maxAge: 60, scope: PRIVATE)
}}
type Mutation {{ touch(id: ID!): Product }}
interface Node {{ id: ID! }}
type Product implements Node @key(fields: "id") {{ id: ID! name: String vendor: Vendor }}
type Vendor {{ name: String }}
"""

REVIEWS = f"""{LINKS}
type Query {{ latest: Review }}
type Product @key(fields: "id") @cacheTag(format: "product-{{$key.id}}") {{
  id: ID!
  rating: String
  reviews(first: Int): [Review!]
}}
type Review {{ text: String by: String }}
"""

_ENTITIES = """
scalar _Any
union _Entity = Product
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
"""

SDLS = {"products": PRODUCTS, "reviews": REVIEWS}


def supergraph(sdls: Mapping[str, str] = SDLS) -> str:
    """The composed supergraph."""
    composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    assert isinstance(composed, Composed), composed
    return composed.supergraph_sdl


SUPERGRAPH = supergraph()


@dataclass
class World:
    """What there is.

    Attributes:
        versions: by tenant, of everything.
        missing: ids of products that are not there.
        failing: ids of products whose fields fail.
    """

    versions: dict[str | None, int] = field(default_factory=lambda: defaultdict[str | None, int](int))
    missing: set[str] = field(default_factory=set[str])
    failing: set[str] = field(default_factory=set[str])


@dataclass
class Shop:
    """One subgraph. Its answers have whatever headers and extensions are set.

    Attributes:
        asked: requests so far, each with the ids of its representations.
        open: what answers wait for.
        came: another request.
    """

    name: str
    world: World
    headers: tuple[tuple[bytes, bytes], ...] = ()
    extensions: dict[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    by_http: bool = True
    asked: list[tuple[str, list[str]]] = field(default_factory=list[tuple[str, list[str]]])
    open: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open.set()
        self._schema = _executable(SDLS[self.name])

    def say(self, cache_control: str, **headers: str) -> None:
        """Answer with these headers from now on."""
        named = {"cache-control": cache_control, **headers}
        self.headers = tuple((name.encode(), value.encode()) for name, value in named.items())

    async def reached(self, requests: int) -> None:
        """Wait until so many have come."""
        while len(self.asked) < requests:
            self.came.clear()
            await self.came.wait()

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        variables = dict(request.variables or {})
        given = variables.get("representations", [])
        self.asked.append((request.query, [each["id"] for each in given]))
        self.came.set()
        result = execute_sync(
            self._schema,
            _parsed(request.query),
            context_value=_Asker(self, request),
            variable_values=variables,
            field_resolver=_resolve,
            type_resolver=_type_of,
        )
        await self.open.wait()
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [each.formatted for each in result.errors]
        if self.extensions:
            payload["extensions"] = self.extensions
        if not self.by_http:
            return SubgraphResponse(
                payload["data"], tuple(payload.get("errors", ())), dict(payload.get("extensions", {}))
            )
        return parse_reply(request, Reply(self.status, orjson.dumps(payload), b"", self.headers))

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        yield await self.fetch(request)

    async def aclose(self) -> None:
        """Nothing is to be closed."""


@dataclass(frozen=True)
class _Asker:
    shop: Shop
    request: SubgraphRequest

    @property
    def stamp(self) -> str:
        """Whom a value is made for, and when."""
        context: RequestContext = self.request.terms.origin
        identity = context.identity
        tenant = None if identity is None else identity.tenant
        version = self.shop.world.versions[tenant]
        scopes = [] if identity is None else sorted(identity.scopes)
        return f"{tenant}/{scopes}/{self.request.headers.get('accept-language')}/{version}"

    @property
    def subject(self) -> str | None:
        identity = self.request.terms.origin.identity
        return None if identity is None else f"{identity.tenant}/{identity.subject}"


@cache
def _parsed(text: str) -> DocumentNode:
    return parse(text)


def _type_of(*_: object) -> str:
    return "Product"


def _resolve(source: Any, info: Any, **arguments: Any) -> Any:  # noqa: PLR0911 - a table of the shop's fields
    asker: _Asker = info.context
    world = asker.shop.world
    match info.field_name:
        case "_entities":
            return [
                None if each["id"] in world.missing else {"id": each["id"]} for each in arguments["representations"]
            ]
        case "product" | "node" | "touch":
            return None if arguments["id"] in world.missing else {"id": arguments["id"]}
        case "products":
            return [{"id": str(number + 1)} for number in range(arguments.get("first") or 3)]
        case "mine" | "secret":
            return f"{asker.subject}/{asker.stamp}"
        case "latest":
            return {"text": asker.stamp}
        case "reviews":
            return [{"text": f"{source['id']}: {asker.stamp}"} for _ in range(arguments.get("first") or 1)]
        case "vendor":
            return {}
        case "id" | "text":
            return source[info.field_name]
        case "name" | "rating" if source and source.get("id") in world.failing:
            raise GraphQLError("That is broken.")
        case _:
            return asker.stamp


def _executable(sdl: str) -> GraphQLSchema:
    _, marker, definitions = sdl.partition("enum CacheControlScope")  # without the links
    base = build_ast_schema(parse(marker + definitions), assume_valid_sdl=True)
    return extend_schema(base, parse(_ENTITIES), assume_valid_sdl=True)


@dataclass
class Graph:
    """A router over the shop, and its subgraphs."""

    engine: Engine
    world: World
    products: Shop
    reviews: Shop
    caches: Caches | None

    async def ask(
        self, query: str, context: RequestContext | None = None, variables: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """What a client gets."""
        return orjson.loads((await self.respond(query, context, variables)).as_bytes())

    async def respond(
        self, query: str, context: RequestContext | None = None, variables: Mapping[str, Any] | None = None
    ) -> Any:
        """The response, as it is sent over HTTP."""
        request = GraphQLRequest(query, None, variables)
        asker = context or RequestContext()
        operation = await self.engine.prepare(request, asker)
        return await operation.execute(variables, asker, raw=True)

    @property
    def asked(self) -> int:
        """Requests to subgraphs so far."""
        return len(self.products.asked) + len(self.reviews.asked)


def graph(
    caching: Caching | None = None,
    *,
    caches: Caches | None = None,
    world: World | None = None,
    telemetry: Telemetry | None = None,
) -> Graph:
    """A router with a cache, or without."""
    there = world or World()
    products, reviews = Shop("products", there), Shop("reviews", there)
    used = caches or (None if caching is None else Caches(caching))
    transports = {"products": products, "reviews": reviews}
    engine = Engine.from_sdl(SUPERGRAPH, transports, defer=True, answers=used, telemetry=telemetry)
    return Graph(engine, there, products, reviews, used)


def caller(
    tenant: str | None = "a",
    subject: str = "ann",
    scopes: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    **claims: Any,
) -> RequestContext:
    """A verified caller, whose headers are let through."""
    identity = Identity(subject, tenant, None, frozenset(scopes), claims)
    return RequestContext(dict(headers or {}), identity=identity)
