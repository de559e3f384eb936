"""LIST_SIZE_INVALID_SLICING_ARGUMENT."""

from tests.router.compose.graphs import codes, errors


def test_slicing_arguments_are_integers() -> None:
    found = codes(
        a="""
            type Query {
              f(first: String): [Int] @listSize(slicingArguments: ["first"])
            }
        """,
    )
    assert found == {"LIST_SIZE_INVALID_SLICING_ARGUMENT"}


def test_every_subgraph_has_the_slicing_argument() -> None:
    (error,) = errors(
        a='type Query { f(first: Int): [Int] @listSize(slicingArguments: ["first"]) @shareable }',
        b="type Query { f: [Int] @shareable }",
    )
    assert error.code == "LIST_SIZE_INVALID_SLICING_ARGUMENT"
    assert [place.subgraph for place in error.locations] == ["a"]
