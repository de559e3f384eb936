"""DIRECTIVE_COMPOSITION_ERROR."""

from tests.router.compose.graphs import codes


def test_a_composed_directive_is_of_a_linked_feature() -> None:
    found = codes(
        a="""
            extend schema @composeDirective(name: "@mine")

            directive @mine on FIELD_DEFINITION

            type Query {
              q: Int @mine
            }
        """,
    )
    assert found == {"DIRECTIVE_COMPOSITION_ERROR"}


def test_a_composed_directive_has_one_name() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@composeDirective"])
              @link(url: "https://x.dev/mine/v1.0", import: ["@mine"])
              @composeDirective(name: "@mine")

            directive @mine on FIELD_DEFINITION

            type Query {
              q: Int @mine
            }
        """,
        b="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@composeDirective"])
              @link(url: "https://x.dev/mine/v1.0", import: [{ name: "@mine", as: "@my" }])
              @composeDirective(name: "@my")

            directive @my on FIELD_DEFINITION

            type Query {
              p: Int @my
            }
        """,
    )
    assert found == {"DIRECTIVE_COMPOSITION_ERROR"}
