"""UNKNOWN_FEDERATION_LINK_VERSION."""

from tests.router.compose.graphs import codes


def test_only_known_versions_are_linked() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.99")

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"UNKNOWN_FEDERATION_LINK_VERSION"}
