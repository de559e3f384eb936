"""OVERRIDE_FROM_SELF_ERROR."""

from tests.router.compose.graphs import codes


def test_a_subgraph_does_not_override_itself() -> None:
    found = codes(
        a="""
            type Query {
              q: Int @override(from: "a")
            }
        """,
    )
    assert found == {"OVERRIDE_FROM_SELF_ERROR"}
