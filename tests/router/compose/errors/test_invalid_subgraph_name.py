"""INVALID_SUBGRAPH_NAME."""

from tests.router.compose.graphs import codes


def test_an_underscore_is_no_name() -> None:
    found = codes(
        _="""
            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_SUBGRAPH_NAME"}
