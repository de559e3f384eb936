"""Descriptions that became code are those that the interpreter gives, of the same objects."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.execute.budget import Budget, TooManyObjects
from router.execute.entities import GroupStep
from router.execute.generated.merging import make_merge
from router.execute.generated.source import Unsuitable
from router.execute.merge import merge_entities
from router.execute.run import Run
from router.plan.nodes import Each, EntityGroup, Key, OnTypes, Representation, RepresentationField, ResponsePath

ID = RepresentationField("id", "id")
PRICE = RepresentationField("price", "_price", is_key=False)
MAYBE = RepresentationField("maybe", "_price", is_key=False, is_optional=True)
OWNER = RepresentationField("owner", "owner", (ID, RepresentationField("name", "name", on=frozenset({"B"}))))
SHAPES = (
    Representation(frozenset({"A"}), None, (ID, PRICE)),
    Representation(frozenset({"B", "C"}), None, (ID,)),
    Representation(frozenset({"D"}), "B", (RepresentationField("id", "code"),)),
    Representation(frozenset({"E"}), "I", (ID, OWNER), "_type"),
    Representation(frozenset({"X"}), None, (ID, MAYBE)),
)
PATHS: Sequence[ResponsePath] = (
    (Key("items"), Each()),
    (Key("best"),),
    (Key("items"), Each(), OnTypes(frozenset({"A", "B"})), Key("parts"), Each(), Each(), Key("best")),
)
TYPES: st.SearchStrategy[Any] = st.sampled_from(["A", "B", "C", "D", "E", "X", None, 1, []])
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [1, 1.0, True, "1", None, "b", [1], {"id": 1}, [{"id": None, "__typename": "B", "name": 2}]]
)
Json: TypeAlias = st.SearchStrategy[Any]
FLAT: Json = st.fixed_dictionaries(
    {"__typename": TYPES}, optional={"id": VALUES, "_price": VALUES, "code": VALUES, "owner": VALUES, "_type": TYPES}
)


def around(inner: Json) -> Json:
    """Objects that lead to others."""
    best: Json = st.fixed_dictionaries({"best": inner})
    parts: Json = st.lists(st.lists(best | VALUES, max_size=2) | VALUES, max_size=2)
    return st.fixed_dictionaries(
        {"__typename": TYPES, "parts": parts, "best": inner | VALUES}, optional={"id": VALUES, "_price": VALUES}
    )


OBJECTS: Json = st.recursive(FLAT, around, max_leaves=4)
ROOTS: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {"items": st.lists(OBJECTS | VALUES, max_size=5) | VALUES, "best": OBJECTS | VALUES}
)


def described(group: EntityGroup, data: dict[str, Any], limit: int, *, code: bool) -> Any:
    """The representations as text, whom they describe, and what is left; or why there are none."""
    step = GroupStep.of(group)
    if code:
        step.compile()
    run = Run({}, {}, [], Budget(limit), data=data)
    try:
        batch = step.collect(run)
    except TooManyObjects as bound:
        return str(bound)
    targets = [[id(target) for target in targets] for targets in batch.targets]
    return orjson.dumps(batch.representations), targets, run.budget.left


@settings(max_examples=80)
@given(ROOTS, st.sampled_from([1, 4, 1000]))
def test_any_data_is_described_alike(data: dict[str, Any], limit: int) -> None:
    group = EntityGroup(tuple(PATHS), SHAPES)
    assert described(group, data, limit, code=True) == described(group, data, limit, code=False)


def test_lists_in_lists_in_lists_are_left_to_the_interpreter() -> None:
    data: Any = {"__typename": "B", "id": 1}
    for _ in range(30):
        data = [data]
    group = EntityGroup(((Key("deep"), *[Each()] * 30),), SHAPES)
    assert described(group, {"deep": data}, 99, code=True)[0] == b'[{"__typename":"B","id":1}]'


@pytest.mark.parametrize("name", ['"', "'] = exit() #", "\n", "{0}", "\\"])
def test_no_name_becomes_code(name: str) -> None:
    """Names of a valid document cannot look like this; nothing here relies on it."""
    shape = Representation(frozenset({name}), None, (RepresentationField(name, name),), name + "t")
    data: dict[str, Any] = {name: [{name: 1, name + "t": name}]}
    group = EntityGroup(((Key(name), Each(), OnTypes(frozenset({name}), name + "t")),), (shape,))
    assert described(group, data, 9, code=True)[0] == orjson.dumps([{"__typename": name, name: 1}])


MERGE = make_merge("{ ... on A { a b: x { y } } }")


class TestMerging:
    @settings(max_examples=50)
    @given(
        st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3),
        st.lists(st.dictionaries(st.sampled_from(["a", "b", "z"]), VALUES, max_size=3), max_size=2),
    )
    def test_entities_are_merged_alike(self, entity: dict[str, Any], objects: list[dict[str, Any]]) -> None:
        text = orjson.dumps([[entity, None], [objects, objects]])
        results: list[bytes] = []
        for each in (MERGE, merge_entities):
            entities, targets = orjson.loads(text)
            each(entities, targets)
            results.append(orjson.dumps(targets, option=orjson.OPT_SORT_KEYS))
        assert results[0] == results[1]

    @pytest.mark.parametrize("text", ["{ ... on A { a } ... on B { b } }", "{", "{ a: x a: x }"])
    def test_what_differs_from_type_to_type_is_merged_as_it_comes(self, text: str) -> None:
        with pytest.raises(Unsuitable):
            make_merge(text)
