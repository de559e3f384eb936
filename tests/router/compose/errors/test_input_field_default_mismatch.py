"""INPUT_FIELD_DEFAULT_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_input_field_has_one_default() -> None:
    found = codes(
        a="""
            input I {
              x: Int = 1
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
        b="""
            input I {
              x: Int = 2
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
    )
    assert found == {"INPUT_FIELD_DEFAULT_MISMATCH"}
