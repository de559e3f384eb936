"""EXTERNAL_UNUSED."""

from tests.router.compose.graphs import codes


def test_an_external_field_serves_a_purpose() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @external
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
    assert found == {"EXTERNAL_UNUSED"}
