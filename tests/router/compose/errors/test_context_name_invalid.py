"""CONTEXT_NAME_INVALID."""

from tests.router.compose.graphs import codes


def test_a_context_is_named_by_letters_and_digits() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "c_t") {
              id: ID!
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_NAME_INVALID"}
