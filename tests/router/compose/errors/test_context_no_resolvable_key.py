"""CONTEXT_NO_RESOLVABLE_KEY."""

from tests.router.compose.graphs import codes


def test_what_takes_a_context_can_be_come_back_to() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U {
              f(a: String @fromContext(field: "$ctx { prop }")): Int
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_NO_RESOLVABLE_KEY"}
