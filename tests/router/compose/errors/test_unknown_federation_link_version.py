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


def test_the_directives_of_an_unknown_version_are_unknown() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.99", import: ["@shareable"])

            type Query {
              q: Int @shareable
            }
        """,
    )
    assert found == {"UNKNOWN_FEDERATION_LINK_VERSION", "INVALID_GRAPHQL"}
