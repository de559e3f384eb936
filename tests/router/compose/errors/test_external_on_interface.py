"""EXTERNAL_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_a_field_of_an_interface_is_not_external() -> None:
    found = codes(
        a="""
            interface I {
              f: Int @external
            }

            type T implements I {
              f: Int
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"EXTERNAL_ON_INTERFACE", "EXTERNAL_UNUSED"}
