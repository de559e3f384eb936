"""KEY_DIRECTIVE_IN_FIELDS_ARG."""

from tests.router.compose.graphs import codes


def test_a_key_is_fixed() -> None:
    found = codes(
        a="""
            type T @key(fields: "id @include(if: true)") {
              id: ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_DIRECTIVE_IN_FIELDS_ARG"}
