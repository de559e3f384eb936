"""NO_CONTEXT_IN_SELECTION."""

from tests.router.compose.graphs import codes


def test_a_contextual_argument_names_its_context() -> None:
    found = codes(
        a="""
            type U @key(fields: "id") {
              id: ID!
              f(a: String @fromContext(field: "{ prop }")): Int
            }

            type Query {
              u: U!
            }
        """,
    )
    assert found == {"NO_CONTEXT_IN_SELECTION"}
