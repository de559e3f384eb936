"""INTERFACE_OBJECT_USAGE_ERROR."""

from tests.router.compose.graphs import codes


def test_an_interface_object_has_a_key() -> None:
    found = codes(
        a="""
            type I @interfaceObject {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
        b="""
            interface I {
              id: ID!
            }

            type T implements I {
              id: ID!
            }
        """,
    )
    assert found == {"INTERFACE_OBJECT_USAGE_ERROR"}


def test_it_stands_for_an_interface() -> None:
    found = codes(
        a="""
            type I @interfaceObject @key(fields: "id") {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
    )
    assert found == {"INTERFACE_OBJECT_USAGE_ERROR"}


def test_beside_it_there_are_no_implementations() -> None:
    found = codes(
        a="""
            type I @interfaceObject @key(fields: "id") {
              id: ID!
            }

            type T @key(fields: "id") {
              id: ID!
            }

            type Query {
              i: I
            }
        """,
        b="""
            interface I @key(fields: "id") {
              id: ID!
            }

            type T implements I @key(fields: "id") {
              id: ID!
            }
        """,
    )
    assert found == {"INTERFACE_OBJECT_USAGE_ERROR"}


def test_what_is_an_object_elsewhere_is_of_different_kinds() -> None:
    found = codes(
        a='type I @key(fields: "id") @interfaceObject { id: ID! } type Query { i: I }',
        b='type I @key(fields: "id") { id: ID! }',
    )
    assert found == {"TYPE_KIND_MISMATCH"}
