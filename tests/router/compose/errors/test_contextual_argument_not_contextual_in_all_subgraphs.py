"""CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS."""

from tests.router.compose.graphs import codes


def test_clients_cannot_give_what_the_router_fills_elsewhere() -> None:
    found = codes(
        a="""
            type P @key(fields: "id") @context(name: "ctx") {
              id: ID!
              prop: String!
              u: U!
            }

            type U @key(fields: "id") {
              id: ID!
              f(a: String @fromContext(field: "$ctx { prop }")): Int @shareable
            }

            type Query {
              p: P!
            }
        """,
        b="""
            type U @key(fields: "id") {
              id: ID!
              f(a: String!): Int @shareable
            }
        """,
    )
    assert found == {"CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"}
