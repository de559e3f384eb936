"""A small graph in two subgraphs, and a router in front of it with everything on that clients can reach."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from starlette.applications import Starlette

from router.compose import Composed, Subgraph, compose
from router.execute.json import write_json
from router.execute.transport import SubgraphRequest, SubgraphResponse
from router.execute.transport.base import parse_response
from router.execute.transport.connection import Reply
from router.execute.transport.http import content_of, parse_reply
from router.serve import Engine, Hooks, Limits, StreamSettings, create_app, forwarding
from router.serve.http.config import Cors, HttpPolicy, Uploads
from router.serve.persisted import PersistedOperations, PersistedPolicy
from tests.conformance.inputs.answers import Answers

LINK: Final = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
"""

CATALOGUE: Final = """
scalar J
interface Node { id: ID! }
union Found = Book | Author
enum Genre { POETRY PROSE }
input Filter { text: String genre: Genre and: [Filter!] limits: [Int!] extra: J from: Float key: ID! = "k" }
type Query {
  book(id: ID!): Book
  books(first: Int = 2, filter: Filter): [Book!]!
  node(id: ID!): Node
  search(text: String!, genres: [[Genre!]]): [Found!]!
  echo(value: J, number: Float, whole: Int, yes: Boolean, name: String, filters: [Filter]): J
  failing: String
  slow: Int
}
type Mutation { rename(id: ID!, title: String!): Book note(value: J): String }
type Subscription { ticks(upTo: Int! = 2): Int! changed(filter: Filter): Book for_ever: Int! broken: Int! }
type Book implements Node @key(fields: "id") {
  id: ID!
  title(upper: Boolean): String!
  genre: Genre
  author: Author
  price(currency: String = "EUR"): Float
}
type Author implements Node @key(fields: "id") { id: ID! name: String born: Int }
"""

REVIEWS: Final = """
type Query { latest(first: Int): [Review!]! }
type Review { id: ID! body: String! stars: Int author: Author! }
type Book @key(fields: "id") { id: ID! reviews(first: Int): [Review!] rating: Float }
type Author @key(fields: "id") { id: ID! reviews: [Review!] }
"""

UPLOADS: Final = """
scalar Upload
type Mutation { store(file: Upload, files: [Upload!]): String }
"""

SDLS: Final[Mapping[str, str]] = {"catalogue": CATALOGUE, "reviews": REVIEWS, "uploads": UPLOADS}

BROKEN: Final = "x-broken"
"""A header that reaches the subgraphs and makes them answer what is no good answer."""

BROKEN_REPLIES: Final[Mapping[str, Reply]] = {
    "status": Reply(500, b"<html>Traceback: secret</html>"),
    "cut": Reply(200, b'{"data":{"book":{"id":"1'),
    "kind": Reply(200, b'{"data":{"book":5,"books":{},"latest":[[]],"echo":1,"_entities":[1]}}'),
    "short": Reply(200, b'{"data":{"_entities":[],"book":{},"books":[{}],"search":[{"__typename":"Nothing"}]}}'),
    "errors": Reply(200, b'{"data":null,"errors":[{"message":"no","path":["book",0,"x"],"locations":7}]}'),
    "strange": Reply(200, b'{"data":{"echo":{"__class__":1,"a":1e999999,"a":18446744073709551616},"__proto__":{}}}'),
    "deep": Reply(200, b'{"data":{"echo":' + b"[" * 5_000 + b"]" * 5_000 + b"}}"),
    "empty": Reply(204, b""),
}

PATIENCE: Final = Limits(operation_seconds=60)


class Subgraphs:
    """A way to one of the subgraphs: as over HTTP, without a network."""

    def __init__(self, sdl: str) -> None:
        self._answers = Answers(sdl)

    async def fetch(self, request: SubgraphRequest) -> SubgraphResponse:
        """The answer; what is sent is written down as it would be for a connection."""
        content_of(request)
        broken = BROKEN_REPLIES.get(request.headers.get(BROKEN, ""))
        if broken is not None:
            return parse_reply(request, broken)
        answer = await self._answers.answer(request.query, request.variables or {})
        return parse_reply(request, Reply(200, write_json(answer)))

    async def subscribe(self, request: SubgraphRequest) -> AsyncGenerator[SubgraphResponse]:
        """The events."""
        content_of(request)
        if request.headers.get(BROKEN) in BROKEN_REPLIES:
            yield parse_reply(request, BROKEN_REPLIES[request.headers[BROKEN]])
        async for event in self._answers.events(request.query, request.variables or {}, request.cursor):
            yield parse_response(event)

    async def aclose(self) -> None:
        """Nothing to release."""


@cache
def supergraph() -> str:
    """The composed graph."""
    composed = compose([Subgraph(name, f"http://{name}", LINK + sdl) for name, sdl in SDLS.items()])
    assert isinstance(composed, Composed), composed
    return composed.supergraph_sdl


@dataclass(frozen=True, slots=True)
class Router:
    """What inputs are tried on."""

    engine: Engine
    app: Starlette


def create_router() -> Router:
    """A new one, which knows of no document yet."""
    engine = Engine.from_sdl(
        supergraph(),
        {name: cast("Any", Subgraphs(sdl)) for name, sdl in SDLS.items()},
        PATIENCE,
        defer=True,
        persisted=PersistedOperations(PersistedPolicy(entries=100)),
    )
    app = create_app(
        engine,
        hooks=Hooks(forwarding("authorization", BROKEN)),
        http=HttpPolicy(
            cors=Cors(origins=("https://studio.example",)), batch=5, uploads=Uploads(files=3, total_bytes=100_000)
        ),
        streams=StreamSettings(operations=10, reservations=50, reservation_seconds=0.2),
    )
    return Router(engine, app)
