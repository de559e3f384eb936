"""INVALID_LINK_DIRECTIVE_USAGE."""

import pytest

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


def test_a_refused_link_is_told_with_the_directives_it_would_bring() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/link/v1.0")
              @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@nothing", "@shareable"])

            type Query {
              q: Int @shareable
            }
        """,
    )
    assert found == {"INVALID_LINK_DIRECTIVE_USAGE", "INVALID_GRAPHQL"}


@pytest.mark.parametrize("feature", ["https://specs.apollo.dev/tag/v0.2", "https://example.com/shareable/v1.0"])
def test_a_link_of_federation_1_leaves_the_names_of_federation_2(feature: str) -> None:
    found = codes(
        a=f"""
            extend schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "{feature}")

            type Query {{
              q: Int
            }}
        """,
    )
    assert found == {"INVALID_LINK_DIRECTIVE_USAGE"}
