"""DIRECTIVE_DEFINITION_INVALID."""

from tests.router.compose.graphs import FEDERATION_1, codes


def test_a_federation_directive_is_not_redefined() -> None:
    found = codes(
        a="""
            directive @key(fields: String!, hurry: Int) repeatable on OBJECT

            type T @key(fields: "id") {
              id: ID
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"DIRECTIVE_DEFINITION_INVALID"}


def test_a_feature_does_not_redefine_what_is_graphqls_own() -> None:
    link = 'https://specs.apollo.dev/federation/v2.3", import: [{name: "@external", as: "@deprecated"}]'
    assert codes(a=f'extend schema @link(url: "{link}) type Query {{ q: Int }}') == {"DIRECTIVE_DEFINITION_INVALID"}


def test_federation_1_directives_take_their_own_scalar() -> None:
    found = codes(
        a=f"""{FEDERATION_1}
            directive @key(fields: FieldSet!) repeatable on OBJECT

            scalar FieldSet

            type Query {{
              q: Int
            }}
        """,
    )
    assert found == {"DIRECTIVE_DEFINITION_INVALID"}
