"""OVERRIDE_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_a_field_of_an_interface_overrides_nothing() -> None:
    found = codes(
        a="""
            interface I {
              f: Int @override(from: "b")
            }

            type T implements I {
              f: Int @shareable
            }

            type Query {
              i: I
            }
        """,
        b="""
            interface I {
              f: Int
            }

            type T implements I {
              f: Int @shareable
            }

            type Query {
              j: I
            }
        """,
    )
    assert found == {"OVERRIDE_ON_INTERFACE"}
