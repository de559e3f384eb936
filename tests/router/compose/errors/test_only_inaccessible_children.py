"""ONLY_INACCESSIBLE_CHILDREN."""

from tests.router.compose.graphs import codes


def test_a_visible_type_shows_something() -> None:
    found = codes(
        a="""
            type T {
              f: Int @inaccessible
            }

            type Query {
              q: Int @inaccessible
              t: Int
              u: [T] @inaccessible
            }
        """,
    )
    assert found == {"ONLY_INACCESSIBLE_CHILDREN"}
