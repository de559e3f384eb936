"""Operations that differ in nothing but values, names of the client's own and order have one signature."""

import json

import pytest
from graphql import build_schema, get_operation_ast, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from router.serve.telemetry.signature import Signature, signature_of

SCHEMA = build_schema("""
    type Query {
        book(id: ID!, with: With, tags: [String!], price: Float): Book
        node: Node
        books(first: Int): [Book!]!
    }
    input With { title: String, kind: Kind }
    enum Kind { NOVEL, POEM }
    interface Node { id: ID! }
    type Book implements Node { id: ID! title: String author: Author }
    type Author { name: String }
""")


def of(text: str) -> Signature:
    document = parse(text)
    operation = get_operation_ast(document)
    assert operation is not None
    return signature_of(SCHEMA, document, operation)


def test_it_has_no_values() -> None:
    signature = of(
        'query Q { book(id: "secret", with: {title: "hidden"}, tags: ["a"], price: 2.5) { id } books(first: 7) { id } }'
    )
    assert signature.text == 'query Q { book(id: "", price: 0, tags: [], with: { }) { id } books(first: 0) { id } }'
    assert signature.name == "Q"


def test_defaults_of_variables_are_values() -> None:
    assert "hidden" not in of('query ($t: ID! = "hidden") { book(id: $t) { id } }').text


@pytest.mark.parametrize(
    "other",
    [
        'query Q { book(id: "2") { title id } node { id } }',
        'query Q { node { id } b: book(id: "1") { name: title id } }',
        'query Q\n{ node { id }\n # a comment\n book(id: """1""") { id, title } }',
        'query Q { book(id: "2") { id title } again: book(id: "3") { title id } node { id } }',
    ],
)
def test_what_means_the_same_has_the_same_one(other: str) -> None:
    assert of(other) == of('query Q { book(id: "1") { id title } node { id } }')


@pytest.mark.parametrize(
    "other",
    [
        'query Q { book(id: "1") { id } node { id } }',
        'query P { book(id: "1") { id title } node { id } }',
        'query Q { book(id: "1") { id title } node { id ... on Book { id } } }',
        "query Q($i: ID!) { book(id: $i) { id title } node { id } }",
    ],
)
def test_what_asks_for_something_else_has_another(other: str) -> None:
    assert of(other).hash != of('query Q { book(id: "1") { id title } node { id } }').hash


def test_it_has_the_fragments_that_are_spread_in_an_order_of_its_own() -> None:
    one = of("{ node { ...B ...A } } fragment A on Book { title } fragment B on Node { id ...A }")
    two = of("fragment B on Node { ...A id } fragment A on Book { title } { node { ...A ...B } }")
    assert one == two
    assert one.fields == ("Book.title", "Node.id", "Query.node")


def test_it_knows_the_fields_by_the_types_that_have_them() -> None:
    signature = of("{ __typename node { ... on Book { author { n: name } } } }")
    assert signature.fields == ("Author.name", "Book.author", "Query.node")


@given(st.text(min_size=5), st.integers(10_000, 2**31 - 1), st.floats(allow_nan=False, allow_infinity=False))
@settings(deadline=None, max_examples=50)
def test_no_value_is_ever_in_it(text: str, number: int, price: float) -> None:
    literal = json.dumps(text)
    signature = of(
        f"{{ book(id: {literal}, price: {abs(price)!r}, with: {{title: {literal}}}) {{ id }}"
        f" books(first: {number}) {{ id }} }}"
    )
    assert signature == of('{ book(id: "", price: 0.0, with: {}) { id } books(first: 0) { id } }')
