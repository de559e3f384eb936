"""SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES."""

from tests.router.compose.graphs import codes


def test_a_shared_field_can_return_the_same_everywhere() -> None:
    found = codes(
        a="""
            union U = A

            type A {
              a: Int
            }

            type Query {
              u: U @shareable
            }
        """,
        b="""
            union U = B

            type B {
              b: Int
            }

            type Query {
              u: U @shareable
            }
        """,
    )
    assert found == {"SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"}
