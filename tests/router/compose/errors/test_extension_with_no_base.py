"""EXTENSION_WITH_NO_BASE."""

from tests.router.compose.graphs import FEDERATION_1, codes


def test_an_extended_type_is_defined_somewhere() -> None:
    found = codes(
        a="""
            extend type T @key(fields: "id") {
              id: ID
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"EXTENSION_WITH_NO_BASE"}


def test_in_federation_1_too() -> None:
    found = codes(
        a=FEDERATION_1
        + """
            extend type T @key(fields: "id") {
              id: ID @external
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"EXTENSION_WITH_NO_BASE"}
