"""Plans, executed over subgraphs that know only what is theirs, answer as one process over all the data would."""

from typing import Any

import pytest

from tests.router.harness import HEADER, Federation, World

BOOKS: list[dict[str, Any]] = [
    {"__typename": "Book", "__interfaces": ["Item"], "id": "b1", "title": "Algebra", "price": 10, "weight": 3},
    {"__typename": "Book", "__interfaces": ["Item"], "id": "b2", "title": "Botany", "price": 20, "weight": 5},
]


def _shipping(book: Any, *, express: bool = False) -> int:
    return book["price"] * book["weight"] * (2 if express else 1)


def _quote(book: Any, *, currency: str) -> str:
    return f"{book['price']} {currency}"


def _label(book: Any) -> str:
    quote = book["quote"]
    return f"about {quote(book, currency='EUR') if callable(quote) else quote}"


for _book in BOOKS:
    _book |= {"shipping": _shipping, "quote": _quote, "label": _label}
    _book |= {"reviews": [{"__typename": "Review", "id": f"r-{_book['id']}", "stars": 4, "book": _book}]}

WORLD = World({"Query": {"books": BOOKS, "items": BOOKS, "book": BOOKS[0]}}, {"Book": BOOKS})

CATALOG = f"""{HEADER}
type Query {{ books: [Book!]! book: Book }}
type Book @key(fields: "id") {{ id: ID! title: String! price: Int! quote(currency: String!): String! }}
"""
SHIPPING = f"""{HEADER}
type Book @key(fields: "id") {{
  id: ID!
  price: Int! @external
  quote(currency: String!): String! @external
  weight: Int!
  shipping(express: Boolean): Int! @requires(fields: "price")
  label: String! @requires(fields: "quote(currency: \\"EUR\\")")
}}
"""
REVIEWS = f"""{HEADER}
type Book @key(fields: "id") {{ id: ID! reviews: [Review!]! }}
type Review @key(fields: "id") {{ id: ID! stars: Int! book: Book! }}
"""


@pytest.fixture(scope="module")
def store() -> Federation:
    """Books whose shipping needs a price that another subgraph knows."""
    return Federation({"catalog": CATALOG, "shipping": SHIPPING, "reviews": REVIEWS}, WORLD)


@pytest.mark.parametrize(
    ("query", "requests"),
    [
        ("{ books { id title } }", 1),
        ("{ books { weight } }", 2),
        ("{ books { shipping } }", 2),
        ("{ books { shipping(express: true) title reviews { stars } } }", 3),
        ("{ books { reviews { book { title shipping } } } }", 4),
        ("{ books { id: title weight } }", 2),
        ("{ books { __typename: title weight } }", 2),
        ("{ books { price: title shipping } }", 2),
        ('{ books { quote: title label euro: quote(currency: "EUR") } }', 2),
        ('{ books { quote(currency: "USD") label } }', 2),
        ("{ books { shipping } other: books { shipping: id id: shipping(express: true) } }", 2),
        ("{ book { ...F } } fragment F on Book { reviews { book { ...G } } } fragment G on Book { weight }", 3),
        ("{ __typename books { __typename kind: __typename } }", 1),
    ],
)
async def test_the_answer_is_that_of_the_whole_graph(store: Federation, query: str, requests: int) -> None:
    response = await store.answer(query)
    assert response.errors == []
    assert response.data == store.expected(query)
    assert store.requests == requests


@pytest.mark.parametrize("shown", [True, False])
async def test_a_field_that_is_left_out_costs_no_request(store: Federation, shown: bool) -> None:  # noqa: FBT001 - a parameter
    query = "query ($shown: Boolean!) { books { id shipping @include(if: $shown) } }"
    response = await store.answer(query, {"shown": shown})
    assert response.data == store.expected(query, {"shown": shown})
    assert store.requests == (2 if shown else 1)
