"""INVALID_FIELD_SHARING."""

from tests.router.compose.graphs import codes


def test_a_field_is_resolved_once_or_shared() -> None:
    found = codes(
        a="""
            type T @key(fields: "id") {
              id: ID!
              f: Int
            }

            type Query {
              t: T
            }
        """,
        b="""
            type T @key(fields: "id") {
              id: ID!
              f: Int @shareable
            }
        """,
    )
    assert found == {"INVALID_FIELD_SHARING"}


def test_subscriptions_are_not_shared() -> None:
    found = codes(
        a="""
            type Query {
              q: Int
            }

            type Subscription {
              s: Int @shareable
            }
        """,
    )
    assert found == {"INVALID_FIELD_SHARING"}
