"""KEY_INVALID_FIELDS."""

import pytest

from tests.router.compose.graphs import codes


def test_a_key_names_fields() -> None:
    found = codes(
        a="""
            type T @key(fields: "no") {
              id: ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS"}


def test_a_key_goes_down_to_leaves() -> None:
    found = codes(
        a="""
            type T @key(fields: "u") {
              u: U
            }

            type U {
              x: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS"}


@pytest.mark.parametrize("fields", ["", "{}", "id { }", "a"])
def test_a_key_selects_something_and_gives_required_arguments(fields: str) -> None:
    found = codes(a=f'type T @key(fields: "{fields}") {{ id: ID! a(x: Int!): Int }} type Query {{ t: T }}')
    assert found == {"KEY_INVALID_FIELDS"}
