"""FIELD_TYPE_MISMATCH."""

from tests.router.compose.graphs import codes


def test_a_field_has_compatible_types() -> None:
    found = codes(
        a="""
            type Query {
              f: Int @shareable
            }
        """,
        b="""
            type Query {
              f: [Int] @shareable
            }
        """,
    )
    assert found == {"FIELD_TYPE_MISMATCH"}
