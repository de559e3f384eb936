"""Without introspection, no refusal names anything of the schema that the client has not sent."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import random
import re
from typing import Any, Final

import pytest
from graphql import (
    build_schema,
    specified_rules,
)

from router.compose import Composed, Subgraph, compose
from router.execute import InProcessTransport
from router.execute.json import write_json
from router.plan.errors import TooManyChoices
from router.plan.nodes import QueryPlan
from router.serve import Engine, GraphQLRequest, Limits, RequestContext
from router.serve.discreet import REASONS, REPEATING
from tests.conformance.inputs.tokens import broken
from tests.conformance.inputs.values import changed
from tests.conformance.monolith.operations import Operations
from tests.conformance.monolith.schema import draw_schema
from tests.conformance.monolith.split import split
from tests.router.serve.names import names

GRAPHS: Final = 3
OPERATIONS: Final = 40
"""Of a schema; each is tried with several things wrong."""

PUBLIC: Final = frozenset({"Query", "Mutation", "Subscription", "Int", "Float", "String", "Boolean", "ID"})

_NAME: Final = re.compile(r"[_A-Za-z]\w*")


async def told(engine: Engine, request: GraphQLRequest) -> str:
    """What is said of a request that is not executed, empty of others."""
    response = await engine.execute(request, RequestContext())
    return "" if response.executed else " ".join(each["message"] for each in response.errors)


async def require_discreet(engine: Engine, request: GraphQLRequest, known: frozenset[str]) -> bool:
    """Whether the request was refused, discreetly."""
    message = await told(engine, request)
    sent = set(_NAME.findall(f"{request.query} {write_json(request.variables or {}).decode()}"))
    assert not set(_NAME.findall(message)) & known - PUBLIC - sent, (request, message)
    return bool(message)


async def nothing(*_: object) -> Any:
    """What every subgraph answers."""
    return {"data": None}


def engine_over(sdls: dict[str, str]) -> Engine | None:
    composed = compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    if not isinstance(composed, Composed):
        return None
    transports = {name: InProcessTransport(nothing) for name in sdls}
    return Engine.from_sdl(composed.supergraph_sdl, transports, Limits(introspection=False))


@pytest.mark.parametrize("share", range(3))
async def test_no_refusal_names_what_was_not_sent(share: int) -> None:
    refused = 0
    for seed in range(share * 1_000, share * 1_000 + GRAPHS):
        chance = random.Random(seed)
        engine = engine_over(split(draw_schema(chance), chance))
        if engine is None:
            continue
        known = frozenset(each for each in names(engine.schema) if len(each) > 1)  # a letter may be in any sentence
        drawing = Operations(engine.schema, chance, 8)
        for _ in range(OPERATIONS):
            drawn = drawing.draw()
            text = broken(drawn.query, chance)
            refused += await require_discreet(engine, GraphQLRequest(text, None, drawn.variables), known)
            text = exchanged(drawn.query, sorted(known), chance)
            refused += await require_discreet(engine, GraphQLRequest(text, None, drawn.variables), known)
            variables = changed(drawn.variables, chance)
            if isinstance(variables, dict):
                refused += await require_discreet(engine, GraphQLRequest(drawn.query, None, variables), known)
    assert refused > OPERATIONS


def exchanged(text: str, known: list[str], chance: random.Random) -> str:
    """The text with another name in one place."""
    places = list(_NAME.finditer(text))
    place = chance.choice(places)
    return text[: place.start()] + chance.choice(known) + text[place.end() :]


SDL: Final = """
type Query { book(isbn: ID!, edition: Edition): Book books(first: Int = 2, having: Having): [Book!]! any: Any }
type Book implements Item { isbn: ID! writer: Person weight: Float }
type Person { surname: String! }
interface Item { isbn: ID! }
union Any = Book | Person
enum Edition { PAPERBACK HARDCOVER }
input Having { title: String! edition: Edition inner: Having }
"""


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ book { isbn } }", "Field 'book' lacks a required argument."),
        ("{ book(isbn: 1) }", "Field 'book' must have a selection of subfields."),
        ("{ book(isbn: 1) { isbn { x } } }", "A selection of subfields is not allowed here."),
        ("{ book(isbn: 1) { writr } }", "Field 'writr' cannot be queried here."),
        ("{ book(isbn: 1, x: 2) { isbn } }", "Argument 'x' is unknown here."),
        ("{ book(isbn: true) { isbn } }", "What stands here does not fit the type that is expected here."),
        ("{ books(having: {}) { isbn } }", "What stands here does not fit the type that is expected here."),
        ('{ books(having: {title: "", x: 1}) { isbn } }', "Field 'x' does not fit the type that is expected here."),
        ("query ($x: Int!) { book(isbn: $x) { isbn } }", "Variable '$x' does not fit the type that is expected where"),
        ("{ ...F } fragment F on Person { surname }", "Fragment 'F' can never apply here."),
        ("{ ... on Person { surname } }", "What stands here can never apply here."),
        ("{ book(isbn: 1) { a: isbn a: weight } }", "Fields 'a' conflict because 'isbn' and 'weight' are different"),
        ("query ($x: Editio) { book(isbn: $x) { isbn } }", "Unknown type 'Editio'."),
        ("{ books { isbn @inclde } }", "Unknown directive '@inclde'."),
        ("{ any { __typename @stream } }", "Unknown directive '@stream'."),
        ("{ books { isbn @include } }", "Directive '@include' lacks a required argument."),
    ],
)
async def test_errors_tell_what_is_wrong_by_the_names_that_were_sent(query: str, message: str) -> None:
    engine = Engine(build_schema(SDL), unplanned, {}, Limits(introspection=False))
    assert (await told(engine, GraphQLRequest(query))).startswith(message)


def unplanned(*_: object) -> QueryPlan:
    raise TooManyChoices("Nothing is planned here.")


async def test_with_introspection_they_tell_more() -> None:
    engine = Engine(build_schema(SDL), unplanned, {}, Limits(suggestions=False))
    message = "Argument 'Query.book(isbn:)' of type 'ID!' is required, but it was not provided."
    assert await told(engine, GraphQLRequest("{ book { isbn } }")) == message


def test_every_rule_is_known_to_repeat_only_what_was_sent_or_kept_from_saying_more() -> None:
    assert {*specified_rules} >= REPEATING | REASONS.keys()
    assert not REPEATING & REASONS.keys()
