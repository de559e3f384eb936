"""EXTERNAL_ARGUMENT_DEFAULT_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_external_field_has_the_same_defaults() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f(x: Int = 1): Int @external
              g: Int @requires(fields: "f")
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              f(x: Int = 2): Int
            }
        """,
    )
    assert found == {"EXTERNAL_ARGUMENT_DEFAULT_MISMATCH"}
