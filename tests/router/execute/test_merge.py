"""Results of several fetches become one tree of data."""

from typing import Any

import pytest

from router.execute.merge import merge_entities, merge_entities_apart, merge_object


@pytest.mark.parametrize(
    ("known", "added", "merged"),
    [
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": None}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {"a": None}, {"a": 1}),
        ({}, {"a": None}, {"a": None}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {"a": {"b": 1}}),
        ({"a": [{"b": 1}, None]}, {"a": [{"c": 2}, {"c": 3}]}, {"a": [{"b": 1, "c": 2}, {"c": 3}]}),
        ({"a": [{"b": 1}, {"b": 2}]}, {"a": [None, {"c": 3}]}, {"a": [{"b": 1}, {"b": 2, "c": 3}]}),
        ({"a": [[{"b": 1}]]}, {"a": [[{"c": 2}]]}, {"a": [[{"b": 1, "c": 2}]]}),
        ({"a": [{"b": 1}]}, {"a": [{"c": 1}, {"c": 2}]}, {"a": [{"b": 1}]}),
        ({"a": {"b": 1}}, {"a": [1]}, {"a": {"b": 1}}),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": [1]}),
        ({"a": "x"}, {"a": "y"}, {"a": "y"}),
    ],
)
def test_what_is_known_is_completed_and_never_lost(known: Any, added: Any, merged: Any) -> None:
    merge_object(known, added)
    assert known == merged


def test_an_object_merged_with_itself_stays_as_it_is() -> None:
    shared: dict[str, Any] = {"a": {"b": [1, {"c": 2}]}}
    merge_object(shared, {"a": shared["a"]})
    merge_object(shared, shared)
    assert shared == {"a": {"b": [1, {"c": 2}]}}


def test_equal_objects_share_what_is_below_them() -> None:
    first, second = dict[str, Any](), dict[str, Any]()
    merge_entities([{"a": {"b": [1]}}], [[first, second]])
    assert first == second == {"a": {"b": [1]}}
    assert first["a"] is second["a"]


def test_or_each_has_its_own() -> None:
    objects = [dict[str, Any]() for _ in range(3)]
    merge_entities_apart([{"a": [{"b": 1}]}, None], [objects, [{}]])
    for number, each in enumerate(objects):
        merge_object(each, {"a": [{"c": number}]})
    assert objects == [{"a": [{"b": 1, "c": number}]} for number in range(3)]
