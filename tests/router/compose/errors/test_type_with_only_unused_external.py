"""TYPE_WITH_ONLY_UNUSED_EXTERNAL."""

from tests.router.compose.graphs import FEDERATION_1, codes


def test_a_type_in_use_keeps_something() -> None:
    found = codes(
        a=FEDERATION_1
        + """
            type Query {
              t: T
            }

            type T {
              f: Int @external
            }
        """,
        b=FEDERATION_1
        + """
            type T {
              f: Int
            }
        """,
    )
    assert found == {"TYPE_WITH_ONLY_UNUSED_EXTERNAL"}
