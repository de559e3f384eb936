"""OVERRIDE_LABEL_INVALID."""

from tests.router.compose.graphs import codes


def test_labels_keep_to_their_form() -> None:
    found = codes(
        a="""
            type Query {
              q: Int @override(from: "b", label: "percent(101)")
            }
        """,
        b="""
            type Query {
              q: Int
            }
        """,
    )
    assert found == {"OVERRIDE_LABEL_INVALID"}
