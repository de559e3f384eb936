"""CONTEXT_NOT_SET."""

from tests.router.compose.graphs import codes


def test_a_context_must_be_set_somewhere() -> None:
    found = codes(
        a="""
            type U @key(fields: "id") {
              id: ID!
              f(a: String @fromContext(field: "$ctx { prop }")): Int
            }

            type Query {
              u: U!
            }
        """,
    )
    assert found == {"CONTEXT_NOT_SET"}
