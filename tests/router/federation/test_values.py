"""Constants of SDL."""

import pytest
from graphql import parse_type, parse_value

from router.federation.field_sets import parse_field_set, print_field_set
from router.federation.join import graph_names
from router.federation.type_ref import base_name, type_ref
from router.federation.values import EnumName, print_value, same_value, value_of


@pytest.mark.parametrize(
    "text", ["null", "true", "3", "1.5", '"a \\" b"', "RED", "[1, [2]]", '{a: 1, b: {c: "d"}}', "-7", "[]", "{}"]
)
def test_values_are_printed_as_they_are_read(text: str) -> None:
    assert print_value(value_of(parse_value(text))) == text


def test_an_enum_value_is_no_string() -> None:
    assert not same_value(EnumName("A"), "A")
    assert isinstance(value_of(parse_value("A")), EnumName)


def test_numbers_are_the_same_by_value_and_booleans_are_no_numbers() -> None:
    assert same_value(1, 1.0)
    assert not same_value(1, True)  # noqa: FBT003 - the value itself is what is compared


def test_the_order_of_fields_is_free_and_that_of_items_is_not() -> None:
    assert same_value({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert not same_value([1, 2], [2, 1])


@pytest.mark.parametrize("text", ["Int", "Int!", "[Int!]!", "[[Int]]"])
def test_type_references_are_printed_as_they_are_read(text: str) -> None:
    ref = type_ref(parse_type(text), str)
    assert str(ref) == text
    assert base_name(ref) == "Int"


def test_field_sets_need_no_outer_braces() -> None:
    assert print_field_set(parse_field_set("id org { id }")) == "id org { id }"
    assert print_field_set(parse_field_set("{ id }")) == "id"


def test_subgraph_names_become_enum_values() -> None:
    assert graph_names(["a-b", "a_b", "1x", "v_2"]) == {"a-b": "A_B_1", "a_b": "A_B_2", "1x": "_1X", "v_2": "V_2_"}
