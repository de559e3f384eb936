"""OVERRIDE_SOURCE_HAS_OVERRIDE."""

from tests.router.compose.graphs import codes


def test_a_field_is_taken_over_once() -> None:
    found = codes(
        a="""
            type Query {
              q: Int @override(from: "b")
            }
        """,
        b="""
            type Query {
              q: Int @override(from: "a")
            }
        """,
    )
    assert found == {"INVALID_FIELD_SHARING", "OVERRIDE_SOURCE_HAS_OVERRIDE"}
