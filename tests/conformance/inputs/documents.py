"""Documents to be sent: valid ones, ones that have been valid, and ones that are made to hurt."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import random
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

from graphql import GraphQLSchema, build_schema, get_operation_ast, parse, validate
from graphql.execution import get_variable_values

from tests.conformance.inputs.graph import CATALOGUE
from tests.conformance.inputs.hostile import HOSTILE
from tests.conformance.inputs.tokens import broken
from tests.conformance.monolith.operations import Operations

KNOWN: Final = 400
"""Operations that come again and again, as those of real clients do."""

_EXTENDED: Final = """
type Review { id: ID! body: String! stars: Int author: Author! }
extend type Query { latest(first: Int): [Review!]! }
extend type Book { reviews(first: Int): [Review!] rating: Float }
extend type Author { reviews: [Review!] }
"""

_SUBSCRIPTIONS: Final = (
    "subscription { ticks }",
    "subscription ($n: Int! = 1) { t: ticks(upTo: $n) }",
    "subscription S { changed { id title reviews { body } } }",
    "subscription { changed(filter: {limits: [1, 2]}) { ... on Node { id } author { reviews { id } } } }",
    "subscription { for_ever }",
    "subscription { broken }",
    "subscription { ticks(upTo: 0) }",
)

_DEFERRED: Final = (
    "{ books { id ... @defer { reviews { body } } } }",
    '{ book(id: "1") { id ... @defer(label: "a") { author { name ... @defer(label: "b") { reviews { id } } } } } }',
    "query ($x: Boolean!) { latest { id ... @defer(if: $x) { author { name } } } }",
    '{ a: book(id: "1") { ...F @defer } b: book(id: "2") { ...F @defer } } fragment F on Book { rating title }',
    'mutation { rename(id: "1", title: "t") { id ... @defer { rating } } }',
)

_SHORT: Final = (
    "",
    " ",
    "#",
    "{",
    "{}",
    "\x00",
    "query",
    "{ __typename }",
    "{book}",
    "null",
    "{ slow }",
    "{ failing }",
)

_SMALL: Final = (
    "query ($id: ID!) { book(id: $id) { id title } }",
    "{ node(id: 1) { id ... on Book { title } ...A } } fragment A on Author { name }",
    'mutation { rename(id: "1", title: """a block""") { id } }',
    "query ($x: Boolean = true) { books(filter: {and: [{limits: [1]}]}) { id @include(if: $x) a: price } }",
)
"""Operations that cost little when they turn out to be valid."""

_INTROSPECTION: Final = (
    "{ __schema { types { name fields { name } } } }",
    '{ __type(name: "Book") { name fields { name type { name ofType { name } } } } }',
    "{ __schema { queryType { name } directives { name args { name defaultValue } } } __typename }",
)


class Drawn(NamedTuple):
    """A document and what may go with it.

    Attributes:
        is_valid: it is a query, and what answers it will answer it again.
    """

    text: str
    variables: Mapping[str, Any] | None = None
    is_valid: bool = False


@lru_cache(maxsize=1)
def _schema() -> GraphQLSchema:
    return build_schema(CATALOGUE.replace('@key(fields: "id")', "") + _EXTENDED)


@lru_cache(maxsize=2 * KNOWN)
def operation(number: int) -> Drawn:
    """An operation that is nearly always valid; the same for the same number."""
    drawn = Operations(_schema(), random.Random(number), 14).draw()
    is_valid = number < KNOWN and drawn.query.startswith("query") and _fits(drawn.query, drawn.variables)
    return Drawn(drawn.query, drawn.variables, is_valid=is_valid)


def _fits(text: str, variables: Mapping[str, Any]) -> bool:
    document = parse(text)
    definition = get_operation_ast(document)
    assert definition is not None
    given: Any = get_variable_values(_schema(), definition.variable_definitions or (), {**variables})
    return not isinstance(given, list) and not validate(_schema(), document)


def draw_document(chance: random.Random) -> Drawn:
    """Any document."""
    roll = chance.random()
    if roll < 0.56:
        return operation(chance.randrange(KNOWN))
    if roll < 0.58:
        return operation(chance.randrange(10**9))
    if roll < 0.72:
        return _special(chance)
    if roll < 0.86:
        return Drawn(broken(chance.choice((*_SUBSCRIPTIONS, *_DEFERRED, *_SMALL)), chance), {"id": "1", "n": 1})
    origin = draw_document(chance) if roll < 0.88 else operation(chance.randrange(KNOWN))
    return Drawn(broken(origin.text, chance), origin.variables)


def _special(chance: random.Random) -> Drawn:
    """One with something about it."""
    match chance.choices(range(5), (5, 4, 1, 1.5, 3.5))[0]:
        case 0:
            return Drawn(chance.choice(_SUBSCRIPTIONS), chance.choice((None, {"n": 2}, {"n": 0})))
        case 1:
            return Drawn(chance.choice(_DEFERRED), {"x": chance.random() < 0.5})
        case 2:
            return Drawn(chance.choice(_INTROSPECTION))
        case 3:
            return Drawn(HOSTILE[chance.choice(list(HOSTILE))](chance))
        case _:
            return Drawn(chance.choice(_SHORT))
