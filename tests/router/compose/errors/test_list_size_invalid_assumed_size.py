"""LIST_SIZE_INVALID_ASSUMED_SIZE."""

from tests.router.compose.graphs import codes


def test_no_list_has_less_than_nothing() -> None:
    found = codes(
        a="""
            type Query {
              f: [Int] @listSize(assumedSize: -3)
            }
        """,
    )
    assert found == {"LIST_SIZE_INVALID_ASSUMED_SIZE"}
