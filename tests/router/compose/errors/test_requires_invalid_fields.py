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


def test_a_fragment_may_be_on_a_type_that_another_subgraph_relates() -> None:
    found = codes(
        a="""
            interface Place {
              id: ID!
            }

            type City @key(fields: "id") {
              id: ID!
              size: Int @external
            }

            type T @key(fields: "id") {
              id: ID!
              place: Place @external
              f: Int @requires(fields: "place { ... on City { size } }")
            }
        """,
        b="""
            interface Place {
              id: ID!
            }

            type City implements Place @key(fields: "id") {
              id: ID!
              size: Int
            }

            type T @key(fields: "id") {
              id: ID!
              place: Place
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == set()
