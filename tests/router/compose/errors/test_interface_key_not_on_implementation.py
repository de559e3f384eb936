"""INTERFACE_KEY_NOT_ON_IMPLEMENTATION."""

from tests.router.compose.graphs import codes


def test_types_have_the_keys_of_their_interface() -> None:
    found = codes(
        a="""
            interface I @key(fields: "id") {
              id: ID!
            }

            type T implements I {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"INTERFACE_KEY_NOT_ON_IMPLEMENTATION"}
