"""IMPLEMENTED_BY_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_what_an_interface_shows_is_not_hidden() -> None:
    found = codes(
        a="""
            interface I {
              f: Int
              g: Int
            }

            type T implements I {
              f: Int @inaccessible
              g: Int
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"IMPLEMENTED_BY_INACCESSIBLE"}
