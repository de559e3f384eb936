"""REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH."""

from tests.router.compose.graphs import codes


def test_required_input_fields_are_known_everywhere() -> None:
    found = codes(
        a="""
            input I {
              x: Int!
              y: Int
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
        b="""
            input I {
              y: Int
            }

            type Query {
              f(i: I): Int @shareable
            }
        """,
    )
    assert found == {"REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"}
