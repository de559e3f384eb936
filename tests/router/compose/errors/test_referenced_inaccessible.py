"""REFERENCED_INACCESSIBLE."""

from tests.router.compose.graphs import codes


def test_what_is_visible_is_of_a_visible_type() -> None:
    found = codes(
        a="""
            type T @inaccessible {
              f: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"REFERENCED_INACCESSIBLE"}


def test_the_types_of_specifications_are_hidden() -> None:
    assert codes(a="type Query { a: join__Graph } enum join__Graph { A }") == {"REFERENCED_INACCESSIBLE"}
    assert codes(a="type Query { a: link__Purpose }") == {"REFERENCED_INACCESSIBLE"}
