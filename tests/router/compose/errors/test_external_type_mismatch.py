"""EXTERNAL_TYPE_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_external_field_has_the_type_it_is_resolved_with() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: String @external
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
    assert found == {"EXTERNAL_TYPE_MISMATCH"}
