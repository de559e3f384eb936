"""ROOT_QUERY_USED."""

from tests.router.compose.graphs import codes


def test_the_name_of_a_root_type_is_kept_free() -> None:
    found = codes(
        a="""
            schema @link(url: "https://specs.apollo.dev/federation/v2.12") {
              query: Q
            }

            type Q {
              q: Int
            }

            type Query {
              x: Int
            }
        """,
    )
    assert found == {"ROOT_QUERY_USED"}
