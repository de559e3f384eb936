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


def test_a_field_set_uses_nothing_past_what_does_not_exist() -> None:
    found = codes(a='type T @key(fields: "no x") { x: Int @external } type Query { t: T }')
    assert found == {"KEY_INVALID_FIELDS", "EXTERNAL_UNUSED"}
