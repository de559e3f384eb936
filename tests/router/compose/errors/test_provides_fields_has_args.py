"""PROVIDES_FIELDS_HAS_ARGS."""

from tests.router.compose.graphs import codes


def test_a_provision_takes_no_arguments() -> None:
    found = codes(
        a="""
            type Query {
              u: U @provides(fields: "x")
            }

            type U @key(fields: "id") {
              id: ID!
              x(a: Int): Int @external
            }
        """,
        b="""
            type U @key(fields: "id") {
              id: ID!
              x(a: Int): Int
            }
        """,
    )
    assert found == {"PROVIDES_FIELDS_HAS_ARGS"}
