"""EMPTY_MERGED_ENUM_TYPE."""

from tests.router.compose.graphs import codes


def test_an_input_enum_keeps_common_values() -> None:
    found = codes(
        a="""
            enum E {
              A
            }

            type Query {
              f(e: E): Int @shareable
            }
        """,
        b="""
            enum E {
              B
            }

            type Query {
              f(e: E): Int @shareable
            }
        """,
    )
    assert found == {"EMPTY_MERGED_ENUM_TYPE"}
