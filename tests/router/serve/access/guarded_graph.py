"""A graph with something to hide: people and their notes in one subgraph, what they spend in another."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import print_ast

from router.execute import InProcessTransport
from router.serve import Engine, GraphQLRequest, Identity, RequestContext
from router.serve.access.enforcement import Access
from tests.router.harness import Federation, World

HEADER = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external", "@requires", '
    '{name: "@authenticated", as: "@loggedIn"}, "@requiresScopes", {name: "@policy", as: "@provided"}])\n'
)
PEOPLE = f"""{HEADER}
type Query {{ me: Person node(id: ID!): Node search: [Found] strict: [Found!] motto: String }}
type Mutation {{ promote: Person @requiresScopes(scopes: [["admin"]]) rename: String }}
type Subscription {{ renamed: Person @loggedIn tick: Int note: Note }}
interface Node {{ id: ID! label: String }}
type Person implements Node @key(fields: "id") {{
  id: ID! label: String name: String! email: String @requiresScopes(scopes: [["mail"], ["admin", "all"]])
  born: String! @loggedIn notes: [Note!] secret: Secret friend: Person
}}
type Note implements Node @key(fields: "id") @loggedIn {{ id: ID! label: String text: String }}
type Page implements Node @key(fields: "id") {{ id: ID! label: String @loggedIn url: String }}
union Found = Person | Note | Page
scalar Secret @provided(policies: [["vault"], ["audit", "night"]])
"""
SPENDING = f"""{HEADER}
type Person @key(fields: "id") {{
  id: ID! email: String @external spent: Int @provided(policies: [["books"]])
  mailed: String @requires(fields: "email") @requiresScopes(scopes: [["mail"]])
}}
"""


def _world() -> World:
    note = {"__typename": "Note", "id": "n", "label": "Note", "text": "hush"}
    page = {"__typename": "Page", "id": "w", "label": "Page", "url": "/"}
    ada: dict[str, Any] = {
        "__typename": "Person",
        "id": "a",
        "label": "Ada",
        "name": "Ada",
        "email": "a@x",
        "born": "1815",
    }
    ada |= {"notes": [note], "secret": "s", "spent": 7, "mailed": "yes", "friend": None}
    nodes = {each["id"]: each for each in (ada, note, page)}

    def node(_: Any, **arguments: str) -> Any:
        return nodes[arguments["id"]]

    found = [ada, note, page]
    query: dict[str, Any] = {"me": ada, "node": node, "search": found, "strict": [ada, note], "motto": "!"}
    roots: dict[str, dict[str, Any]] = {"Query": query, "Mutation": {"promote": ada, "rename": "x"}}
    roots["Subscription"] = {"renamed": ada, "tick": 1, "note": note}
    return World(roots, {"Person": [ada], "Note": [note], "Page": [page]})


@cache
def _federation() -> Federation:
    return Federation({"people": PEOPLE, "spending": SPENDING}, _world())


def guarded_sdl() -> str:
    """The supergraph."""
    return print_ast(_federation().supergraph.document)


class Guarded:
    """An engine over the graph, and what its subgraphs were asked."""

    def __init__(self, access: Access | None = None, *, defer: bool = False) -> None:
        self.federation = _federation()
        transports = {
            name: InProcessTransport(each.execute, each.subscribe) for name, each in self.federation.subgraphs.items()
        }
        for each in self.federation.subgraphs.values():
            each.asked.clear()
        self.engine = Engine.from_sdl(guarded_sdl(), transports, defer=defer, access=access)

    async def answer(self, query: str, identity: Identity | None = None, **variables: Any) -> Mapping[str, Any]:
        for each in self.federation.subgraphs.values():
            each.asked.clear()
        request = GraphQLRequest(query, variables=variables)
        return (await self.engine.execute(request, RequestContext(identity=identity))).as_json()

    @property
    def asked(self) -> list[str]:
        return [text for each in self.federation.subgraphs.values() for text in each.asked]


def holding(*scopes: str) -> Identity:
    return Identity("ada", scopes=frozenset(scopes))


def denied(*path: str | int) -> dict[str, Any]:
    return {
        "message": "Unauthorized field or type",
        "path": list(path),
        "extensions": {"code": "UNAUTHORIZED_FIELD_OR_TYPE"},
    }
