"""LIST_SIZE_APPLIED_TO_NON_LIST."""

from tests.router.compose.graphs import codes


def test_only_lists_have_a_size() -> None:
    found = codes(
        a="""
            type Query {
              f: Int @listSize(assumedSize: 3)
            }
        """,
    )
    assert found == {"LIST_SIZE_APPLIED_TO_NON_LIST"}
