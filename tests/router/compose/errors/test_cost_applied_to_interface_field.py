"""COST_APPLIED_TO_INTERFACE_FIELD."""

from tests.router.compose.graphs import codes


def test_only_fields_of_objects_cost() -> None:
    found = codes(
        a="""
            interface I {
              f: Int @cost(weight: 3)
            }

            type T implements I {
              f: Int
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"COST_APPLIED_TO_INTERFACE_FIELD"}
