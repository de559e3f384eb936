"""DIRECTIVE_DEFINITION_INVALID."""

from tests.router.compose.graphs import codes


def test_a_federation_directive_is_not_redefined() -> None:
    found = codes(
        a="""
            directive @key(fields: String!, hurry: Int) repeatable on OBJECT

            type T @key(fields: "id") {
              id: ID
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"DIRECTIVE_DEFINITION_INVALID"}
