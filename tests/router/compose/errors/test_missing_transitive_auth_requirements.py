"""MISSING_TRANSITIVE_AUTH_REQUIREMENTS."""

from tests.router.compose.graphs import codes


def test_using_data_takes_the_rights_to_it() -> None:
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
        b="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @authenticated
            }
        """,
    )
    assert found == {"MISSING_TRANSITIVE_AUTH_REQUIREMENTS"}
