"""TYPE_DEFINITION_INVALID."""

from tests.router.compose.graphs import codes


def test_a_feature_type_keeps_its_kind() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.12", import: ["@key", "FieldSet"])

            input FieldSet {
              x: Int
            }

            type Query {
              q: Int
            }
        """,
    )
    assert found == {"TYPE_DEFINITION_INVALID"}
