"""DEFAULT_VALUE_USES_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_a_default_tells_nothing_hidden() -> None:
    found = codes(
        a="""
            enum E {
              A
              B @inaccessible
            }

            type Query {
              f(e: E = B): Int
            }
        """,
    )
    assert found == {"DEFAULT_VALUE_USES_INACCESSIBLE"}
