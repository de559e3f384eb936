"""KEY_UNSUPPORTED_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_interfaces_have_keys_since_2_3() -> None:
    found = codes(
        a="""
            extend schema @link(url: "https://specs.apollo.dev/federation/v2.2", import: ["@key"])

            interface I @key(fields: "id") {
              id: ID!
            }

            type T implements I @key(fields: "id") {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"KEY_UNSUPPORTED_ON_INTERFACE"}
