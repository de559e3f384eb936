"""PROVIDES_UNSUPPORTED_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_a_field_of_an_interface_provides_nothing() -> None:
    found = codes(
        a="""
            type Query {
              i: I
            }

            interface I {
              u: U @provides(fields: "id")
            }

            type T implements I {
              u: U
            }

            type U @key(fields: "id") {
              id: ID! @external
              x: Int
            }
        """,
        b="""
            type U @key(fields: "id") {
              id: ID!
            }
        """,
    )
    assert found == {"PROVIDES_UNSUPPORTED_ON_INTERFACE"}
