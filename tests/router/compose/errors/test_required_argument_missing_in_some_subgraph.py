"""REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH."""

from tests.router.compose.graphs import codes


def test_required_arguments_are_known_everywhere() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int!): Int @shareable
            }
        """,
        b="""
            type Query {
              f: Int @shareable
            }
        """,
    )
    assert found == {"REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"}
