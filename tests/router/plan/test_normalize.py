"""Normalised selections: no fragments, each field once for each response key and group of types."""

import pytest
from graphql import parse
from graphql.language import print_ast

from router.plan.commands import selection_lines
from router.plan.errors import UnknownOperation
from router.plan.normalize import normalize
from router.supergraph import Supergraph

SUPERGRAPH = Supergraph.from_sdl("""
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") }
type Query @join__type(graph: A) { item: Item book(id: ID, no: Int): Book things: [Thing] }
interface Item @join__type(graph: A) { id: ID! next: Item }
interface Long @join__type(graph: A) { pages: Int }
type Book implements Item & Long
  @join__implements(graph: A, interface: "Item") @join__implements(graph: A, interface: "Long") @join__type(graph: A)
{ id: ID! next: Book pages: Int title: String! }
type Film implements Item @join__implements(graph: A, interface: "Item") @join__type(graph: A)
{ id: ID! next: Item title: String }
union Thing @join__type(graph: A)
  @join__unionMember(graph: A, member: "Book") @join__unionMember(graph: A, member: "Film") = Book | Film
""")


def normalized(operation: str, name: str | None = None) -> str:
    """The selection, a field a line."""
    found = normalize(SUPERGRAPH, parse(operation), name)
    return "\n".join(selection_lines(found.selection, 0))


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("{ item { id id } item { id } }", "item\n  id"),
        ("{ ...F } fragment F on Query { item { ...G } } fragment G on Item { id }", "item\n  id"),
        ("{ item { ... on Book { title } } }", "item\n  title on Book"),
        ("{ item { id ... on Book { id } } }", "item\n  id"),
        ("{ item { ... on Long { pages } } }", "item\n  pages on Book"),
        ("{ item { ... on Book { title } ... on Film { title } } }", "item\n  title on Book\n  title on Film"),
        ("{ item { ... on Long { ... on Film { title } } id } }", "item\n  id"),
        ("{ book { ... on Item { id } ... on Long { pages } } }", "book\n  id\n  pages"),
        ("{ a: book(id: 1, no: 2) { id } }", "a: book(id: 1, no: 2)\n  id"),
        ("{ book { a: id } book { b: id } }", "book\n  a: id\n  b: id"),
        ("query ($x: Boolean!) { book { id @include(if: $x) } }", "book\n  id when $x"),
        (
            """query ($x: Boolean!) { item @skip(if: $x) { ...B ...F k: id } }
            fragment B on Book { k: id } fragment F on Film { title @include(if: $x) id }""",
            "item when not $x\n  k: id on Book\n  id on Film\n  k: id on Film",
        ),
        ("query ($x: Boolean!) { book @skip(if: $x) { id } }", "book when not $x\n  id"),
        ("query ($x: Boolean!) { book { id @include(if: $x) id } }", "book\n  id"),
        ("query ($x: Boolean!) { book { id @include(if: $x) id @skip(if: $x) } }", "book\n  id"),
        ("query ($x: Boolean!) { book { ... @include(if: $x) { id @skip(if: $x) pages } } }", "book\n  pages when $x"),
        (
            "query ($x: Boolean!, $y: Boolean!) { book @include(if: $x) { id } book @include(if: $y) { pages } }",
            "book when $x or $y\n  id when $x\n  pages when $y",
        ),
        ("{ book { id @skip(if: true) pages @include(if: true) } }", "book\n  pages"),
        (
            "{ item { next { id } ... on Book { next { title } } } }",
            "item\n  next on Book\n    id\n    title\n  next on Film\n    id",
        ),
    ],
)
def test_normalized(operation: str, expected: str) -> None:
    assert normalized(operation) == expected


def test_the_operation_is_picked_by_its_name() -> None:
    document = "query A { book { id } } query B { item { id } }"
    assert normalized(document, "B") == "item\n  id"


@pytest.mark.parametrize("name", [None, "C"])
def test_an_operation_that_is_not_there(name: str | None) -> None:
    with pytest.raises(UnknownOperation):
        normalized("query A { book { id } } query B { item { id } }", name)


def test_arguments_in_another_order_are_the_same() -> None:
    fields = normalize(SUPERGRAPH, parse("{ a: book(id: 1, no: 2) { id } b: book(no: 2, id: 1) { id } }"), None)
    first, second = fields.selection.fields
    assert first.signature == second.signature


def test_introspection_is_split_off_with_its_variables() -> None:
    found = normalize(
        SUPERGRAPH,
        parse("query ($n: String!, $id: ID) { book(id: $id) { id } ... { __type(name: $n) { name } } }"),
        None,
    )
    assert found.introspection is not None
    assert " ".join(print_ast(found.introspection).split()) == (
        "query ($n: String!) { ... { __type(name: $n) { name } } }"
    )
