"""INVALID_LINK_DIRECTIVE_USAGE."""

from tests.router.compose.graphs import codes


def test_imports_exist() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@interfaceObject"])

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_LINK_DIRECTIVE_USAGE"}


def test_a_feature_is_linked_once() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.0")
              @link(url: "https://specs.apollo.dev/federation/v2.1")

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_LINK_DIRECTIVE_USAGE"}


def test_directives_keep_their_sign() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.0", import: [{ name: "@key", as: "key" }])

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_LINK_DIRECTIVE_USAGE"}
