"""EXTERNAL_ARGUMENT_TYPE_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_external_field_has_arguments_of_the_same_type() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f(x: String): Int @external
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
    assert found == {"EXTERNAL_ARGUMENT_TYPE_MISMATCH"}
