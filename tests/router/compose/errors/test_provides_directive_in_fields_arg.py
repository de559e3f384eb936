"""PROVIDES_DIRECTIVE_IN_FIELDS_ARG."""

from tests.router.compose.graphs import codes


def test_a_provision_is_fixed() -> None:
    found = codes(
        a="""
            type Query {
              u: U @provides(fields: "x @skip(if: true)")
            }

            type U @key(fields: "id") {
              id: ID!
              x: Int @external
            }
        """,
        b="""
            type U @key(fields: "id") {
              id: ID!
              x: Int
            }
        """,
    )
    assert found == {"PROVIDES_DIRECTIVE_IN_FIELDS_ARG"}
