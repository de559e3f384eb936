"""REQUIRES_INVALID_FIELDS_TYPE."""

from tests.router.compose.graphs import codes


def test_a_requirement_is_a_string() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
              g: Int @requires(fields: ["f"])
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"REQUIRES_INVALID_FIELDS_TYPE"}
