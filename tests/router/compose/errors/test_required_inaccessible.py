"""REQUIRED_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_what_is_required_is_visible() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int! @inaccessible): Int
            }
        """,
    )
    assert found == {"REQUIRED_INACCESSIBLE"}
