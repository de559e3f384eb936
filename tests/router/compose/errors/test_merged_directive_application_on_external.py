"""MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL."""

from tests.router.compose.graphs import codes


def test_what_is_not_resolved_here_is_not_described_here() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @external @tag(name: "x")
              g: Int @requires(fields: "f")
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
            }
        """,
    )
    assert found == {"MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"}
