"""Random operations over one graph that has a bit of everything answer as the graph in one piece does."""

# graphql-core declares its wrapping types generic without naming their argument everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false

import json
import random
from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

from tests.router.harness import HEADER, Federation, World

CATALOG = f"""{HEADER}
type Query {{ items: [Item!]! book: Book! things: [Thing]! newest: Book @provides(fields: "stars") }}
interface Item @key(fields: "id") {{ id: ID! title: String creator: Person }}
type Book implements Item @key(fields: "id") {{
  id: ID! title: String creator: Person price(currency: String): String! size: Size sequel: Book stars: Int @external
}}
type Film implements Item @key(fields: "id") {{ id: ID! title: String creator: Person minutes: Int! }}
type Person @key(fields: "id") {{ id: ID! }}
type Size @shareable {{ width: Int height: Int }}
union Thing = Book | Film | Person
"""
PEOPLE = f"""{HEADER}
type Query {{ people: [Person!]! }}
type Person @key(fields: "id") @key(fields: "mail") {{ id: ID! mail: String! name: String friends: [Person!]! }}
"""
REVIEWS = f"""{HEADER}
type Book @key(fields: "id") {{ id: ID! stars: Int @shareable reviews: [Review!]! }}
type Film @key(fields: "id") {{ id: ID! stars: Int! reviews: [Review!]! }}
type Review @key(fields: "id") {{ id: ID! text: String author: Person item: Thing }}
type Person @key(fields: "mail") {{ mail: String! karma: Int! }}
union Thing = Book | Film
"""
SHIPPING = f"""{HEADER}
type Book @key(fields: "id") {{
  id: ID!
  price(currency: String): String! @external
  size: Size @external
  volume: String @requires(fields: "size {{ width height }}")
  euro: String @requires(fields: "price(currency: \\"EUR\\")")
  dollar: String @requires(fields: "price(currency: \\"USD\\") size {{ width }}")
}}
type Size @shareable {{ width: Int height: Int }}
"""
PROGRESS = f"""{HEADER}
type Query {{ current: Item reading: [Item!]! }}
type Item @key(fields: "id") @interfaceObject {{
  id: ID! title: String @external percent: Int! note: String @requires(fields: "title")
}}
"""


def _price(book: Any, *, currency: str = "CHF") -> str:
    return f"{book['id']} {currency}"


def _paid(currency: str) -> Any:
    def read(book: Any) -> str:
        price = book["price"]
        return str(price(book, currency=currency) if callable(price) else price)

    return read


def _volume(book: Any) -> str | None:
    size = book["size"]
    return None if size is None else f"{size['width']}x{size['height']}"


def world() -> World:
    """Three books, two films, three people."""
    people = [{"__typename": "Person", "id": f"p{n}", "mail": f"m{n}", "karma": n} for n in range(3)]
    for n, person in enumerate(people):
        person |= {"name": f"N{n}" if n else None, "friends": [people[n - 1]] * n}
    items = [_item("Book", n, people) for n in range(3)] + [_item("Film", n, people) for n in range(2)]
    books, films = items[:3], items[3:]
    for n, book in enumerate(books):
        size = None if n == 2 else {"__typename": "Size", "width": n, "height": 9}
        book |= {"price": _price, "size": size, "sequel": books[n + 1] if n < 2 else None, "volume": _volume}
        book |= {"euro": _paid("EUR"), "dollar": _paid("USD")}
    for film in films:
        film |= {"minutes": 90}
    reviews = [
        {"__typename": "Review", "id": f"r{n}", "text": None, "author": people[n % 3], "item": item}
        for n, item in enumerate(items)
    ]
    for n, item in enumerate(items):
        item |= {"reviews": reviews[: n + 1]}
    roots = {"items": items, "book": books[0], "things": [*items[:4], *people, None], "newest": books[1]}
    roots |= {"people": people, "current": films[0], "reading": items}
    return World({"Query": roots}, {"Book": books, "Film": films, "Person": people, "Review": reviews})


def _item(kind: str, number: int, people: list[dict[str, Any]]) -> dict[str, Any]:
    title = f"{kind} {number}"
    return {
        "__typename": kind,
        "__interfaces": ["Item"],
        "id": f"{kind[0]}{number}",
        "title": title,
        "creator": people[number] if number else None,
        "stars": number,
        "percent": number * 10,
        "note": f"{title}!",
    }


class Generator:
    """Makes operations, many of them with aliases that are the names of keys."""

    ALIASES = ("id", "mail", "title", "__typename", "price", "size", "a", "b")

    def __init__(self, schema: GraphQLSchema, seed: int) -> None:
        self._random = random.Random(seed)
        self._schema = schema
        self._variables: set[str] = set()

    def operation(self) -> tuple[str, dict[str, bool]]:
        """An operation, perhaps not a valid one, and its variables."""
        self._variables.clear()
        query = cast("GraphQLObjectType", self._schema.query_type)
        selection = self._selection(query, self._random.randint(2, 4))
        names = sorted(self._variables)
        head = f"query ({' '.join(f'${name}: Boolean!' for name in names)}) " if names else ""
        return head + selection, {name: self._random.random() < 0.5 for name in names}

    def _selection(self, type_: Any, depth: int) -> str:
        parts = [] if isinstance(type_, GraphQLUnionType) else list(self._fields(type_, depth))
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            for possible in sorted(self._schema.get_possible_types(type_), key=lambda each: each.name):
                if self._random.random() < 0.6:
                    parts.append(f"... on {possible.name} {self._selection(possible, depth)}")
        if self._random.random() < 0.2:
            parts.append("__typename")
        self._random.shuffle(parts)
        return f"{{ {' '.join(parts or ['__typename'])} }}"

    def _fields(self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> Iterator[str]:
        for name, field in type_.fields.items():
            if self._random.random() < 0.5 and (depth > 0 or is_leaf_type(get_named_type(field.type))):
                yield self._field(name, field, depth)

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        alias = f"{self._random.choice(self.ALIASES)}: " if self._random.random() < 0.15 else ""
        arguments = self._random.choice(("", '(currency: "EUR")', '(currency: "DKK")')) if field.args else ""
        named = get_named_type(field.type)
        below = "" if is_leaf_type(named) else f" {self._selection(named, depth - 1)}"
        return f"{alias}{name}{arguments}{self._condition()}{below}"

    def _condition(self) -> str:
        if self._random.random() > 0.08:
            return ""
        variable = self._random.choice("xyz")
        self._variables.add(variable)
        return f" @{self._random.choice(('skip', 'include'))}(if: ${variable})"


def federation() -> Federation:
    """The subgraphs of the graph."""
    subgraphs = {"catalog": CATALOG, "people": PEOPLE, "reviews": REVIEWS, "shipping": SHIPPING, "progress": PROGRESS}
    return Federation(subgraphs, world())


@pytest.fixture(scope="module")
def everything() -> Federation:
    """The graph."""
    return federation()


@pytest.mark.parametrize("seed", range(12))
async def test_random_operations(everything: Federation, seed: int) -> None:
    schema = everything.supergraph.api_schema
    generator = Generator(schema, seed)
    answered = 0
    while answered < 4:
        query, variables = generator.operation()
        if validate(schema, parse(query)):
            continue
        answered += 1
        response = await everything.answer(query, variables)
        assert response.errors == [], query
        assert json.dumps(response.data) == json.dumps(everything.expected(query, variables)), query
