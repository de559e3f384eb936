"""KEY_FIELDS_SELECT_INVALID_TYPE."""

from tests.router.compose.graphs import codes


def test_a_key_holds_no_abstract_type() -> None:
    found = codes(
        a="""
            type T @key(fields: "i { f }") {
              i: I
            }

            interface I {
              f: Int
            }

            type U implements I {
              f: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"KEY_FIELDS_SELECT_INVALID_TYPE"}
