"""OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE."""

from tests.router.compose.graphs import codes


def test_what_requires_is_not_overridden() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @override(from: "b")
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              x: Int @external
              f: Int @requires(fields: "x")
            }
        """,
        c="""
            type T @key(fields: "id") {
              id: ID!
              x: Int
            }
        """,
    )
    assert found == {"INVALID_FIELD_SHARING", "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"}
