"""SATISFIABILITY_ERROR."""

from tests.router.compose.graphs import codes


def test_a_field_nobody_can_get_to_is_refused() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "sku") {
              sku: ID!
              g: Int
            }
        """,
    )
    assert found == {"SATISFIABILITY_ERROR"}


def test_without_a_key_there_is_no_way_to_a_field() -> None:
    found = codes(
        a="""
            type T {
              f: Int
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T {
              g: Int
            }
        """,
    )
    assert found == {"SATISFIABILITY_ERROR"}


def test_requirements_can_be_fetched() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @external
              g: Int @requires(fields: "f")
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "sku") {
              sku: ID!
              f: Int
            }
        """,
    )
    assert found == {"SATISFIABILITY_ERROR"}
