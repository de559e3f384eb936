"""EXTERNAL_ARGUMENT_MISSING."""

from tests.router.compose.graphs import codes


def test_an_external_field_has_the_same_arguments() -> None:
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
            type T @key(fields: "id") {
              id: ID!
              f(x: Int): Int
            }
        """,
    )
    assert found == {"EXTERNAL_ARGUMENT_MISSING"}
