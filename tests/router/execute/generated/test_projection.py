"""A projection that became code gives what the interpreter gives, or leaves it to the interpreter."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import build_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from router.execute.budget import Budget, TooManyObjects
from router.execute.generated.projection import GeneratedProjection
from router.execute.generated.unsure import Unsure
from router.execute.project import Projector
from router.plan.nodes import Condition, ProjectedField
from tests.router.execute.graphs import field_type, plan, select

SCHEMA = build_schema("""
    type Query { node: Node strict: Node! nodes: [Node!] some: [Node]! pet: Pet pets: [[Pet!]]! }
    type Node {
        id: ID! name: String must: String! age: Int score: Float! active: Boolean role: Role roles: [Role!] ids: [ID]
        sizes: [[Int!]!] any: Anything every: [Anything!] next: Node
    }
    enum Role { ADMIN GUEST }
    scalar Anything
    union Pet = Dog | Cat
    type Dog { name: String! barks: Boolean }
    type Cat { name: String! lives: Int }
""")
NODE = dict.fromkeys(("id", "name", "must", "age", "score", "active", "role", "roles", "ids", "sizes", "any"), ())
PET = {"__typename": (), "... on Dog": ["name", "barks"], "... on Cat": ["lives", "name"]}
QUERY: Mapping[str, Any] = {
    "node": {**NODE, "every": (), "next": {"id": (), "next": ["name"]}},
    "strict": ["id"],
    "nodes": {"id": (), "name": ()},
    "some": ["age", "id"],
    "pet": PET,
    "pets": PET,
}
FIELDS = select(SCHEMA, "Query", QUERY)

LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [None, "a", "ADMIN", "SECRET", "Dog", "Cat", "Bird", 0, 7, 1.0, 2.5, True, 2**31, -(2**31), [], {}, ["a"], [[1]]]
)
NAMES = [*NODE, "every", "next", "strict", "nodes", "some", "pet", "pets", "node", "__typename", "barks", "lives"]
DATA: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)
PLAUSIBLE: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", 2]),
        "must": st.just("m"),
        "score": st.sampled_from([1, 1.5]),
        "name": st.sampled_from(["n", None]),
        "role": st.sampled_from(["ADMIN", "SECRET"]),
        "roles": st.lists(st.sampled_from(["ADMIN", "GUEST"]), max_size=2),
        "ids": st.lists(st.sampled_from(["1", 1, None]), max_size=2),
        "sizes": st.just([[1], []]),
        "__typename": st.sampled_from(["Dog", "Cat", "Bird"]),
    }
)
ROOTS: st.SearchStrategy[Any] = st.dictionaries(
    st.sampled_from(["node", "strict", "nodes", "some", "pet", "pets"]),
    PLAUSIBLE | st.lists(PLAUSIBLE | st.none(), max_size=3) | st.lists(st.lists(PLAUSIBLE, max_size=2)) | DATA,
)


def projected(
    fields: tuple[ProjectedField, ...], data: dict[str, Any], variables: Mapping[str, Any], limit: int, *, code: bool
) -> Any:
    """The answer as text, its errors, and what is left of the budget; or why there is none."""
    projector = Projector.of(plan([], fields, inaccessible={"Role": frozenset({"SECRET"})}), SCHEMA)
    if code:
        projector.compile()
    errors: list[dict[str, Any]] = []
    budget = Budget(limit)
    try:
        return orjson.dumps(projector.project(data, variables, errors, budget)), errors, budget.left
    except TooManyObjects as bound:
        return str(bound)


@settings(max_examples=100)
@given(ROOTS, st.sampled_from([0, 3, 8, 1000]))
def test_any_data_is_projected_alike(data: dict[str, Any], limit: int) -> None:
    read, run = (projected(FIELDS, data, {}, limit, code=code) for code in (False, True))
    assert run == read


@pytest.mark.parametrize("shown", [True, False, None])
def test_conditions_are_those_of_the_request(shown: bool | None) -> None:  # noqa: FBT001  # a parameter of the test
    name, age = select(SCHEMA, "Node", ["name", "age"])
    when = ((Condition("a", value=True),), (Condition("b", value=False),))
    guarded = replace(name, when=when)
    node = ProjectedField("node", "node", "node", field_type(SCHEMA, "Query", "node"), selections=(guarded, age))
    data = {"node": {"name": "n", "age": 1}}
    for variables in ({"a": shown}, {"b": shown}, {}):
        read, run = (projected((node,), data, variables, 9, code=code) for code in (False, True))
        assert run == read


@pytest.mark.parametrize("key", ['"', "'] = exit() #", "\n", "{0}", "\\"])
def test_no_key_becomes_code(key: str) -> None:
    """Keys of a valid document cannot look like this; nothing here relies on it."""
    inner = ProjectedField(key, key, key, field_type(SCHEMA, "Node", "name"))
    node = ProjectedField(key, key, key, field_type(SCHEMA, "Query", "node"), selections=(inner,), typename_key=key)
    assert projected((node,), {key: {key: "v"}}, {}, 9, code=True) == (orjson.dumps({key: {key: "v"}}), [], 7)


def test_what_is_in_order_needs_no_interpreter() -> None:
    projector = Projector.of(plan([], FIELDS), SCHEMA)
    code = GeneratedProjection.of(projector.root)
    node = {"id": "1", "must": "", "score": 1.5}
    data: dict[str, Any] = {"node": node, "strict": node, "nodes": [node], "some": [None, node], "pets": []}
    completed = code.project(data, {}, Budget())
    assert completed is not None
    assert completed["some"] == [None, {"age": None, "id": "1"}]


def test_nothing_is_spent_before_it_is_handed_on() -> None:
    code = GeneratedProjection.of(Projector.of(plan([], FIELDS), SCHEMA).root)
    budget = Budget()
    with pytest.raises(Unsure):
        code.project({"strict": None}, {}, budget)
    assert budget.left == budget.limit
