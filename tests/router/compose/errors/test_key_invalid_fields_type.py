"""KEY_INVALID_FIELDS_TYPE."""

import pytest

from tests.router.compose.graphs import codes, errors


def test_a_key_is_a_string() -> None:
    found = codes(
        a="""
            type T @key(fields: ["id"]) {
              id: ID!
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_INVALID_FIELDS_TYPE"}


@pytest.mark.parametrize("fields", ["null", "true"])
def test_a_message_shows_the_key_as_it_is_written(fields: str) -> None:
    (error,) = errors(a=f"type T @key(fields: {fields}) {{ id: ID! }} type Query {{ t: T }}")
    assert error.code == "KEY_INVALID_FIELDS_TYPE"
    assert f"@key(fields: {fields})" in error.message
