"""CONTEXT_INVALID_SELECTION."""

from tests.router.compose.graphs import codes


def test_a_context_gives_one_value() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U @key(fields: "id") {
              id: ID!
              f(a: String @fromContext(field: "$ctx { id prop }")): Int
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_INVALID_SELECTION"}


def test_its_value_fits_the_argument() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U @key(fields: "id") {
              id: ID!
              f(a: Int @fromContext(field: "$ctx { prop }")): Int
            }

            type Query {
              p: P!
            }
        """,
    )
    assert found == {"CONTEXT_INVALID_SELECTION"}
