"""EMPTY_MERGED_INPUT_TYPE."""

from tests.router.compose.graphs import codes


def test_an_input_keeps_common_fields() -> None:
    found = codes(
        a="""
            input I {
              a: Int
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
        b="""
            input I {
              b: Int
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
    )
    assert found == {"EMPTY_MERGED_INPUT_TYPE"}
