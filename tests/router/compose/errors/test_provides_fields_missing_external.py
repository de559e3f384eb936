"""PROVIDES_FIELDS_MISSING_EXTERNAL."""

from tests.router.compose.graphs import codes


def test_only_what_is_external_is_provided() -> None:
    found = codes(
        a="""
            type Query {
              u: U @provides(fields: "x")
            }

            type U @key(fields: "id") {
              id: ID!
              x: Int @shareable
            }
        """,
        b="""
            type U @key(fields: "id") {
              id: ID!
              x: Int @shareable
            }
        """,
    )
    assert found == {"PROVIDES_FIELDS_MISSING_EXTERNAL"}
