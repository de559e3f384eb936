"""Code that looks over answers finds every key that was not selected, and leaves what is unusual to the interpreter."""

import copy
from typing import Any

import pytest

from router.execute.selected import Selected

TEXT = """
    { ... on User { id name best { id } reviews { body product { upc } } } ... on Bot { id maker: owner { name } } }
"""
USER = {"id": "1", "name": "Ada", "best": {"id": "2"}, "reviews": [{"body": "good", "product": {"upc": "3"}}]}


def both(values: list[Any]) -> tuple[list[Any], list[Any]]:
    """What is left of the values, with code and without."""
    compiled, read = Selected(TEXT), Selected(TEXT)
    compiled.compile()
    looked, trimmed = copy.deepcopy(values), copy.deepcopy(values)
    compiled.trim(looked)
    read.trim(trimmed)
    return looked, trimmed


@pytest.mark.parametrize(
    "value",
    [
        USER,
        None,
        {},
        {"id": "1", "maker": {"name": "Eve"}},
        {"id": "1", "maker": None, "reviews": [None, {"body": "x"}], "best": "odd"},
        {"reviews": [[{"body": "x"}], [[None]]]},
    ],
)
def test_what_was_selected_stays(value: Any) -> None:
    assert both([value, USER]) == ([value, USER], [value, USER])


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({**USER, "x": 1}, USER),
        ({"id": "1", "x": {"id": 1}}, {"id": "1"}),
        ({**USER, "best": {"id": "2", "x": 1}}, USER),
        ({**USER, "best": {"x": "2"}}, {**USER, "best": {}}),
        ({"reviews": [{"product": {"upc": "3", "price": 9}}]}, {"reviews": [{"product": {"upc": "3"}}]}),
        ({"reviews": [[[{"body": "x", "id": 1}]]]}, {"reviews": [[[{"body": "x"}]]]}),
        ({"maker": {"name": "Eve", "id": 1}, "best": 7}, {"maker": {"name": "Eve"}, "best": 7}),
    ],
)
def test_what_was_not_selected_goes_wherever_it_is(value: Any, left: Any) -> None:
    assert both([USER, value]) == ([USER, left], [USER, left])


def test_objects_that_are_in_more_and_more_places_are_looked_at_once() -> None:
    product: dict[str, Any] = {"upc": "3", "x": 1}
    review = {"body": "good", "product": product}
    selected = Selected(TEXT)
    selected.compile()
    selected.trim([{"reviews": [review] * 200} for _ in range(200)])
    assert product == {"upc": "3"}
