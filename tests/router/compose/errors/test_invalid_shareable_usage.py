"""INVALID_SHAREABLE_USAGE."""

from tests.router.compose.graphs import codes


def test_a_field_of_an_interface_is_not_shared() -> None:
    found = codes(
        a="""
            interface I {
              f: Int @shareable
            }

            type T implements I {
              f: Int
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"INVALID_SHAREABLE_USAGE"}


def test_once_is_enough() -> None:
    found = codes(
        a="""
            type T @shareable @shareable {
              f: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_SHAREABLE_USAGE"}
