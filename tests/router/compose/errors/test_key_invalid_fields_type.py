"""KEY_INVALID_FIELDS_TYPE."""

from tests.router.compose.graphs import codes


def test_a_key_is_a_string() -> None:
    found = codes(
        a="""
            type T @key(fields: ["id"]) {
              id: ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS_TYPE"}
