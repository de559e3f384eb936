"""PROVIDES_ON_NON_OBJECT_FIELD."""

from tests.router.compose.graphs import codes


def test_a_leaf_brings_nothing_with_it() -> None:
    found = codes(
        a="""
            type Query {
              u: Int @provides(fields: "x")
            }
        """,
    )
    assert found == {"PROVIDES_ON_NON_OBJECT_FIELD"}
