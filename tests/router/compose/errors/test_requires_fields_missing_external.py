"""REQUIRES_FIELDS_MISSING_EXTERNAL."""

from tests.router.compose.graphs import codes


def test_only_what_is_external_is_required() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
              g: Int @requires(fields: "f")
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"REQUIRES_FIELDS_MISSING_EXTERNAL"}
