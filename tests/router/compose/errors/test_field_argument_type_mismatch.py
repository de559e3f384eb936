"""FIELD_ARGUMENT_TYPE_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_argument_has_compatible_types() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int): Int @shareable
            }
        """,
        b="""
            type Query {
              f(x: String): Int @shareable
            }
        """,
    )
    assert found == {"FIELD_ARGUMENT_TYPE_MISMATCH"}
