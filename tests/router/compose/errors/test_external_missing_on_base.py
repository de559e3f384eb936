"""EXTERNAL_MISSING_ON_BASE."""

from tests.router.compose.graphs import codes


def test_some_subgraph_resolves_a_field() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @external
              g: Int @requires(fields: "f")
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"EXTERNAL_MISSING_ON_BASE"}
