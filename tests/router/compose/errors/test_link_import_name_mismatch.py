"""LINK_IMPORT_NAME_MISMATCH."""

from tests.router.compose.graphs import codes


def test_a_directive_has_one_name_in_the_supergraph() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@tag"])

            type Query {
              q: Int @tag(name: "x")
            }
        """,
        b="""
            extend schema
              @link(url: "https://specs.apollo.dev/federation/v2.12", import: [{ name: "@tag", as: "@label" }])

            type Query {
              p: Int @label(name: "x")
            }
        """,
    )
    assert found == {"LINK_IMPORT_NAME_MISMATCH"}
