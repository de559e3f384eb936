"""QUERY_ROOT_TYPE_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_the_query_root_is_visible() -> None:
    found = codes(
        a="""
            type Query @inaccessible {
              q: Int
            }
        """,
    )
    assert found == {"QUERY_ROOT_TYPE_INACCESSIBLE"}
