"""NO_QUERIES."""

from tests.router.compose.graphs import codes


def test_there_is_something_to_ask_for() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
            }
        """,
    )
    assert found == {"NO_QUERIES"}


def test_no_subgraphs_have_no_queries() -> None:
    assert codes() == {"NO_QUERIES"}
