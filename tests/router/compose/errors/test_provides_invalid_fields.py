"""PROVIDES_INVALID_FIELDS."""

from tests.router.compose.graphs import codes


def test_a_provision_names_fields() -> None:
    found = codes(
        a="""
            type Query {
              u: U @provides(fields: "no")
            }

            type U @key(fields: "id") {
              id: ID!
            }
        """,
    )
    assert found == {"PROVIDES_INVALID_FIELDS"}
