"""REQUIRES_UNSUPPORTED_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_a_field_of_an_interface_requires_nothing() -> None:
    found = codes(
        a="""
            interface I {
              f: Int
              g: Int @requires(fields: "f")
            }

            type T implements I {
              f: Int
              g: Int
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"REQUIRES_FIELDS_MISSING_EXTERNAL", "REQUIRES_UNSUPPORTED_ON_INTERFACE"}
