"""TYPE_KIND_MISMATCH."""

from tests.router.compose.graphs import codes


def test_a_type_is_of_one_kind() -> None:
    found = codes(
        a="""
            type T {
              f: Int
            }

            type Query {
              t: T
            }
        """,
        b="""
            input T {
              f: Int
            }

            type Query {
              f(t: T): Int
            }
        """,
    )
    assert found == {"TYPE_KIND_MISMATCH"}
