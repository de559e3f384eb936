"""AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE."""

from tests.router.compose.graphs import codes


def test_an_interface_has_no_access_rules_of_its_own() -> None:
    found = codes(
        a="""
            interface I @authenticated {
              id: ID
            }

            type T implements I {
              id: ID
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"}


def test_nor_have_its_fields() -> None:
    found = codes(
        a="""
            interface I {
              id: ID @policy(policies: [["p"]])
            }

            type T implements I {
              id: ID
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"}
