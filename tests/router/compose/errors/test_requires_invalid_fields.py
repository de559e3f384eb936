"""REQUIRES_INVALID_FIELDS."""

from tests.router.compose.graphs import codes


def test_a_requirement_names_fields() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              g: Int @requires(fields: "no")
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"REQUIRES_INVALID_FIELDS"}


def test_arguments_are_those_of_the_resolving_subgraph() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f(x: Int): Int @external
              g: Int @requires(fields: "f(x: 1)")
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
            }
        """,
    )
    assert found == {"REQUIRES_INVALID_FIELDS"}
