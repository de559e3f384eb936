"""ROOT_SUBSCRIPTION_USED."""

from tests.router.compose.graphs import codes


def test_the_name_of_a_root_type_is_kept_free() -> None:
    found = codes(
        a="""
            schema @link(url: "https://specs.apollo.dev/federation/v2.12") {
              query: Root
              subscription: Q
            }

            type Q {
              q: Int
            }

            type Subscription {
              x: Int
            }

            type Root {
              r: Int
            }
        """,
    )
    assert found == {"ROOT_SUBSCRIPTION_USED"}


def test_both_types_are_looked_at() -> None:
    found = codes(
        a="""
            schema {
              query: Query
              subscription: Events
            }

            type Subscription {
              s: Int @nothing
            }

            type Events {
              e: Int
            }

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}
