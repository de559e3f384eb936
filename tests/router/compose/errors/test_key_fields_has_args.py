"""KEY_FIELDS_HAS_ARGS."""

from tests.router.compose.graphs import codes


def test_a_key_takes_no_arguments() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id(x: Int): ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_FIELDS_HAS_ARGS"}
