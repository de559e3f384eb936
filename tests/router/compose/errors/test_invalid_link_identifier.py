"""INVALID_LINK_IDENTIFIER."""

from tests.router.compose.graphs import codes


def test_an_address_ends_in_a_version() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.0")
              @link(url: "https://x.dev/mine/one")

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_LINK_IDENTIFIER"}
