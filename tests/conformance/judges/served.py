"""What outside tools are let loose on: the router on a real server, as `docs/router/production.yaml` has it."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final, cast

from graphql import GraphQLSchema

from router.compose import Composed, Subgraph, compose
from router.serve import Engine, create_app
from tests.conformance.inputs.graph import LINK, Subgraphs
from tests.router.serve.config.configured import configured
from tests.router.serve.server import serving

PROFILE: Final = Path(__file__).parents[3] / "docs" / "router" / "production.yaml"

SDLS: Final[Mapping[str, str]] = {
    "catalogue": """
type Query {
  volume(isbn: ID!, edition: Edition = PAPERBACK): Book
  volumes(most: Int = 2, having: Having): [Book!]!
  member(key: ID!): Member
  browse(phrase: String!, editions: [[Edition!]]): [Browsed!]!
}
type Mutation { retitle(isbn: ID!, heading: String!): Book }
interface Member { id: ID! }
union Browsed = Book | Author
enum Edition { PAPERBACK HARDCOVER }
input Having { phrase: String! edition: Edition both: [Having!] weights: [Float!] }
type Book implements Member @key(fields: "id") { id: ID! heading(upper: Boolean): String! writer: Author weight: Float }
type Author implements Member @key(fields: "id") { id: ID! surname: String born: Int }
""",
    "opinions": """
type Query { recent(most: Int): [Opinion!]! }
type Opinion { id: ID! wording: String! stars: Int by: Author! }
type Book @key(fields: "id") { id: ID! opinions(most: Int): [Opinion!] }
type Author @key(fields: "id") { id: ID! opinions: [Opinion!] }
""",
}


@asynccontextmanager
async def router_in_production() -> AsyncGenerator[tuple[str, GraphQLSchema]]:
    """The URL of a router, and what its clients may ask for; no question has an error for an answer."""
    config = configured("--config", str(PROFILE), supergraph=None)
    composed = compose([Subgraph(name, f"http://{name}/graphql", LINK + sdl) for name, sdl in SDLS.items()])
    assert isinstance(composed, Composed), composed
    transports = {name: cast("Any", Subgraphs(sdl)) for name, sdl in SDLS.items()}
    async with aclosing(Engine.from_sdl(composed.supergraph_sdl, transports, config.limits)) as engine:
        app = create_app(engine, http=config.http, graphiql=config.graphiql, streams=config.streams)
        async with serving(app) as address:
            yield f"http://{address}/graphql", engine.schema
