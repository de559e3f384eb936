"""INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE."""

from tests.router.compose.graphs import codes


def test_a_resolved_interface_knows_all_that_implement_it() -> None:
    found = codes(
        a="""
            interface I @key(fields: "id") {
              id: ID!
            }

            type T implements I @key(fields: "id") {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
        b="""
            interface I {
              id: ID!
            }

            type U implements I @key(fields: "id") {
              id: ID!
            }

            type Query {
              u: U
            }
        """,
    )
    assert found == {"INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"}
