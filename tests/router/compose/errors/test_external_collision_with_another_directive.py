"""EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE."""

from tests.router.compose.graphs import codes


def test_an_external_field_provides_nothing() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              u: U @external @provides(fields: "x")
            }

            type U @key(fields: "id") {
              id: ID!
              x: Int @external
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              u: U
            }

            type U @key(fields: "id") {
              id: ID!
              x: Int
            }
        """,
    )
    assert found == {"EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE"}
