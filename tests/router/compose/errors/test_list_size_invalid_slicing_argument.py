"""LIST_SIZE_INVALID_SLICING_ARGUMENT."""

from tests.router.compose.graphs import codes


def test_slicing_arguments_are_integers() -> None:
    found = codes(
        a="""
            type Query {
              f(first: String): [Int] @listSize(slicingArguments: ["first"])
            }
        """,
    )
    assert found == {"LIST_SIZE_INVALID_SLICING_ARGUMENT"}
