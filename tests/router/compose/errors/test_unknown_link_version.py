"""UNKNOWN_LINK_VERSION."""

from tests.router.compose.graphs import codes


def test_only_known_versions_of_link_are_linked() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/link/v9.9")
              @link(url: "https://specs.apollo.dev/federation/v2.0")

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"UNKNOWN_LINK_VERSION"}
