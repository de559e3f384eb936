"""INVALID_SUBGRAPH_NAME."""

from router.compose import Refused, Subgraph, compose
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


def test_names_are_distinct_and_not_empty() -> None:
    query = "type Query { q: Int }"
    for names in (("a", "a"), ("a", "")):
        found = compose([Subgraph(name, "", query) for name in names])
        assert isinstance(found, Refused)
        assert {error.code for error in found.errors} == {"INVALID_SUBGRAPH_NAME"}
