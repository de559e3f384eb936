"""ENUM_VALUE_MISMATCH."""

from tests.router.compose.graphs import codes


def test_an_enum_that_goes_both_ways_is_the_same_everywhere() -> None:
    found = codes(
        a="""
            enum E {
              A
              B
            }

            type Query {
              f(e: E): E @shareable
            }
        """,
        b="""
            enum E {
              A
            }

            type Query {
              f(e: E): E @shareable
            }
        """,
    )
    assert found == {"ENUM_VALUE_MISMATCH"}
