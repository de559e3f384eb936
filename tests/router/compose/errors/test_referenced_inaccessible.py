"""REFERENCED_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_what_is_visible_is_of_a_visible_type() -> None:
    found = codes(
        a="""
            type T @inaccessible {
              f: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"REFERENCED_INACCESSIBLE"}
