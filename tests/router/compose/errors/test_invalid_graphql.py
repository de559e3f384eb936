"""INVALID_GRAPHQL."""

import pytest

from tests.router.compose.graphs import FEDERATION_1, codes


def test_what_does_not_parse_is_refused() -> None:
    found = codes(
        a="""
            type Query {
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_types_exist() -> None:
    found = codes(
        a="""
            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_directives_exist() -> None:
    found = codes(
        a="""
            type Query {
              q: Int @nothing
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_directives_stand_where_they_may() -> None:
    found = codes(
        a="""
            type Query @override(from: "b") {
              q: Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_arguments_are_given() -> None:
    found = codes(
        a="""
            type T @key {
              id: ID
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_values_fit_their_types() -> None:
    found = codes(
        a="""
            type Query {
              f(x: Int = "one"): Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_names_are_given_once() -> None:
    found = codes(
        a="""
            type Query {
              q: Int
            }

            type Query {
              p: Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_interfaces_are_implemented() -> None:
    found = codes(
        a="""
            interface I {
              f: Int
            }

            type T implements I {
              g: Int
            }

            type Query {
              t: T
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_inputs_can_be_written_down() -> None:
    found = codes(
        a="""
            input I {
              i: I!
            }

            type Query {
              f(i: I): Int
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


def test_a_federation_1_schema_knows_no_later_directives() -> None:
    found = codes(
        a=FEDERATION_1
        + """
            type Query {
              q: Int @shareable
            }
        """,
    )
    assert found == {"INVALID_GRAPHQL"}


@pytest.mark.parametrize("name", ["federation__FieldSet", "_Service", "_Any"])
def test_the_types_of_federation_are_no_part_of_the_graph(name: str) -> None:
    declared = {"_Service": "type _Service { sdl: String }", "_Any": "scalar _Any"}.get(name, "")
    assert codes(a=f"type Query {{ a: {name} }} {declared}") == {"INVALID_GRAPHQL"}
