"""PROVIDES_INVALID_FIELDS_TYPE."""

from tests.router.compose.graphs import codes


def test_a_provision_is_a_string() -> None:
    found = codes(
        a="""
            type Query {
              u: U @provides(fields: ["x"])
            }

            type U @key(fields: "id") {
              id: ID!
              x: Int
            }
        """,
    )
    assert found == {"PROVIDES_INVALID_FIELDS_TYPE"}
