"""REQUIRES_DIRECTIVE_IN_FIELDS_ARG."""

from tests.router.compose.graphs import codes


def test_a_requirement_is_fixed() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @external
              g: Int @requires(fields: "f @skip(if: true)")
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
    assert found == {"REQUIRES_DIRECTIVE_IN_FIELDS_ARG"}
