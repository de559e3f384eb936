"""INTERFACE_FIELD_NO_IMPLEM."""

from tests.router.compose.graphs import codes


def test_a_type_has_every_field_of_its_interfaces() -> None:
    found = codes(
        a="""
            interface I {
              f: Int
            }

            type T implements I @key(fields: "id") {
              id: ID!
              f: Int @shareable
            }

            type U implements I {
              f: Int
            }

            type Query {
              i: I
            }
        """,
        b="""
            interface I {
              f: Int
              g: Int
            }

            type T implements I @key(fields: "id") {
              id: ID!
              f: Int @shareable
              g: Int
            }

            type Query {
              j: I
            }
        """,
    )
    assert found == {"INTERFACE_FIELD_NO_IMPLEM"}
