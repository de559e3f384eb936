"""Objects are described to `_entities` by the values that the plan names."""

from typing import Any

from router.execute.budget import Budget
from router.execute.representations import RepresentationBuilder
from router.plan.nodes import Each, Key, Representation, RepresentationField


def field(
    name: str, *selections: RepresentationField, key: str | None = None, on: str | None = None, is_key: bool = True
) -> RepresentationField:
    return RepresentationField(name, key or name, selections, frozenset({on}) if on else None, is_key=is_key)


def describe(data: dict[str, Any], *shapes: Representation) -> list[dict[str, Any]]:
    return RepresentationBuilder.of([(Key("items"), Each())], shapes).collect(data, Budget()).representations


def shape(
    *fields: RepresentationField, on: str = "Item", typename: str | None = None, key: str = "__typename"
) -> Representation:
    return Representation(frozenset({on}), typename, fields, key)


class TestShapes:
    def test_values_are_found_under_their_aliases(self) -> None:
        data = {"items": [{"_type": "Item", "_id": 1, "id": "the client's own"}]}
        assert describe(data, shape(field("id", key="_id"), key="_type")) == [{"__typename": "Item", "id": 1}]

    def test_an_interface_object_is_described_by_its_interface(self) -> None:
        data = {"items": [{"__typename": "Lesson", "id": 1}]}
        shapes = shape(field("id"), on="Lesson", typename="LearningItem")
        assert describe(data, shapes) == [{"__typename": "LearningItem", "id": 1}]

    def test_the_first_shape_of_a_type_is_used(self) -> None:
        data = {"items": [{"__typename": "B", "id": 1, "code": 2}]}
        assert describe(data, shape(field("id"), on="A"), shape(field("code"), on="B"), shape(field("id"), on="B")) == [
            {"__typename": "B", "code": 2}
        ]

    def test_nested_objects_and_lists_are_followed(self) -> None:
        data = {
            "items": [{"__typename": "Item", "parts": [{"pid": 1, "x": 0}, None, {"pid": 2}], "org": {"id": 7, "x": 0}}]
        }
        assert describe(data, shape(field("parts", field("pid")), field("org", field("id")))) == [
            {"__typename": "Item", "parts": [{"pid": 1}, None, {"pid": 2}], "org": {"id": 7}}
        ]

    def test_fields_of_other_types_are_left_out_of_abstract_values(self) -> None:
        data = {"items": [{"__typename": "Item", "of": {"__typename": "A", "a": 1}}]}
        nested = field("of", field("__typename"), field("a", on="A"), field("b", on="B"))
        assert describe(data, shape(nested)) == [{"__typename": "Item", "of": {"__typename": "A", "a": 1}}]


class TestCompleteness:
    def test_a_required_null_is_sent(self) -> None:
        data = {"items": [{"__typename": "Item", "id": 1, "price": None}]}
        shapes = shape(field("id"), field("price", is_key=False))
        assert describe(data, shapes) == [{"__typename": "Item", "id": 1, "price": None}]

    def test_null_is_sent_for_an_optional_value_that_nobody_gave(self) -> None:
        price = RepresentationField("price", "price", is_key=False, is_optional=True)
        data = {"items": [{"__typename": "Item", "id": 1}]}
        assert describe(data, shape(field("id"), price)) == [{"__typename": "Item", "id": 1, "price": None}]

    def test_a_null_in_a_key_leaves_the_object_out(self) -> None:
        items = [{"id": None, "org": {"id": 1}}, {"id": 1, "org": None}, {"id": 1, "org": {"id": None}}]
        data = {"items": [{"__typename": "Item", **item} for item in items]}
        assert describe(data, shape(field("id"), field("org", field("id")))) == []

    def test_a_null_in_a_list_of_a_key_is_sent(self) -> None:
        data = {"items": [{"__typename": "Item", "parts": [None, {"pid": None}]}]}
        assert describe(data, shape(field("parts", field("pid")))) == [
            {"__typename": "Item", "parts": [None, {"pid": None}]}
        ]

    def test_a_value_that_was_never_fetched_leaves_the_object_out(self) -> None:
        data = {"items": [{"__typename": "Item", "id": 1}, {"__typename": "Item", "id": 2, "price": 3}]}
        assert describe(data, shape(field("id"), field("price"))) == [{"__typename": "Item", "id": 2, "price": 3}]

    def test_null_objects_and_unexpected_values_are_passed_over(self) -> None:
        data: dict[str, Any] = {
            "items": [None, 3, "x", [], {}, {"__typename": [], "id": 1}, {"__typename": "Item", "id": 1}]
        }
        assert describe(data, shape(field("id"))) == [{"__typename": "Item", "id": 1}]
        assert describe({"items": {"__typename": "Item"}}, shape(field("id"))) == []
        assert describe({}, shape(field("id"))) == []


class TestDuplicates:
    def test_values_of_different_json_types_are_different(self) -> None:
        keys = [1, "1", True, 1.5, 1]
        data = {"items": [{"__typename": "Item", "id": key} for key in keys]}
        batch = RepresentationBuilder.of([(Key("items"), Each())], [shape(field("id"))]).collect(data, Budget())
        assert [each["id"] for each in batch.representations] == [1, "1", True, 1.5]
        assert [len(targets) for targets in batch.targets] == [2, 1, 1, 1]
