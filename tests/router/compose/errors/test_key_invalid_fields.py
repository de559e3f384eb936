"""KEY_INVALID_FIELDS."""

from tests.router.compose.graphs import codes


def test_a_key_names_fields() -> None:
    found = codes(
        a="""
            type T @key(fields: "no") {
              id: ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS"}


def test_a_key_goes_down_to_leaves() -> None:
    found = codes(
        a="""
            type T @key(fields: "u") {
              u: U
            }

            type U {
              x: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS"}
