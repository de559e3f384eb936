"""CONTEXT_INVALID_SELECTION."""

import pytest

from tests.router.compose.graphs import codes


def test_a_context_gives_one_value() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U @key(fields: "id") {
              id: ID!
              f(a: String @fromContext(field: "$ctx { id prop }")): Int
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_INVALID_SELECTION"}


def test_its_value_fits_the_argument() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U @key(fields: "id") {
              id: ID!
              f(a: Int @fromContext(field: "$ctx { prop }")): Int
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_INVALID_SELECTION"}


GRAPH = """
    type P @key(fields: "id") @context(name: "ctx") {{
      id: ID!
      name: String!
      names: [String!]!
      u: U!
    }}

    type Q @key(fields: "id") @context(name: "ctx") {{
      id: ID!
      name: String
      names: [String]
      u: U!
    }}

    type R {{
      name: String
    }}

    type U @key(fields: "id") {{
      id: ID!
      f(a: {type} @fromContext(field: "$ctx {selection}")): Int
    }}

    type Query {{
      p: P!
      q: Q!
    }}
"""


@pytest.mark.parametrize(
    ("type_", "selection"),
    [
        ("String", "{ name }"),
        ("[String]", "names"),
        ("String", "... on P { name } ... on Q { name }"),
    ],
)
def test_a_context_may_be_absent_so_that_what_takes_it_is_nullable(type_: str, selection: str) -> None:
    assert codes(a=GRAPH.format(type=type_, selection=selection)) == set()


@pytest.mark.parametrize(
    ("type_", "selection"),
    [
        ("String!", "{ name }"),
        ("[String!]", "{ names }"),
        ("String", "{ names }"),
        ("String", "{ }"),
        ("String", "{ alias: name }"),
        ("String", "{ u }"),
        ("String", "{ ... on P { name } }"),
        ("String", "{ ... on P { name } ... on Q { name } ... on R { name } }"),
        ("String", "{ ... on P { name } ... on P { name } }"),
        ("String", "{ ... { name } }"),
        ("String", "{ name ... on Q { name } }"),
    ],
)
def test_a_selection_is_one_value_of_the_type_wherever_the_context_is_set(type_: str, selection: str) -> None:
    assert codes(a=GRAPH.format(type=type_, selection=selection)) == {"CONTEXT_INVALID_SELECTION"}
