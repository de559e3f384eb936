"""DISALLOWED_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_arguments_of_type_system_directives_stay() -> None:
    found = codes(
        a="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@composeDirective", "@inaccessible"])
              @link(url: "https://x.dev/mine/v1.0", import: ["@mine"])
              @composeDirective(name: "@mine")

            directive @mine(a: Int @inaccessible) on FIELD_DEFINITION

            type Query {
              q: Int @mine
            }
        """,
    )
    assert found == {"DISALLOWED_INACCESSIBLE"}
