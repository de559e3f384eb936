"""FIELD_ARGUMENT_DEFAULT_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_argument_has_one_default() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int = 1): Int @shareable
            }
        """,
        b="""
            type Query {
              f(x: Int = 2): Int @shareable
            }
        """,
    )
    assert found == {"FIELD_ARGUMENT_DEFAULT_MISMATCH"}
