"""LIST_SIZE_INVALID_SIZED_FIELD."""

from tests.router.compose.graphs import codes


def test_sized_fields_exist() -> None:
    found = codes(
        a="""
            type T {
              x: [Int]
            }

            type Query {
              f: T @listSize(assumedSize: 3, sizedFields: ["y"])
            }
        """,
    )
    assert found == {"LIST_SIZE_INVALID_SIZED_FIELD"}
