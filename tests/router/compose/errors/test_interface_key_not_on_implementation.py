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


def test_a_key_that_makes_no_sense_is_not_compared() -> None:
    found = codes(
        a="""
            interface I @key(fields: "id") {
              id: ID!
            }

            type T implements I @key(fields: "no") {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS"}
