"""The merged data becomes what the client asked for, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from graphql import build_schema

from router.execute.budget import Budget
from router.execute.project import Projector
from router.plan.nodes import Condition, ProjectedField
from tests.router.execute.graphs import field_type, plan, select

SCHEMA = build_schema("""
    type Query {
        user: User strict: User! users: [User!] nobody: [User] matrix: [[Int!]!] pet: Pet pets: [Pet!]! anything: JSON
    }
    type User {
        id: ID! name: String age: Int score: Float active: Boolean tags: [String!] role: Role must: Role! friend: User!
    }
    enum Role { ADMIN GUEST }
    interface Pet { name: String }
    type Dog implements Pet { name: String barks: Boolean }
    type Cat implements Pet { name: String lives: Int }
    scalar JSON
""")


def project(
    data: dict[str, Any],
    selection: Mapping[str, Any] | Sequence[str],
    errors: list[dict[str, Any]] | None = None,
) -> tuple[Any, list[dict[str, Any]]]:
    return project_fields(data, select(SCHEMA, "Query", selection), {}, errors)


def project_fields(
    data: dict[str, Any],
    fields: Sequence[ProjectedField],
    variables: dict[str, Any],
    errors: list[dict[str, Any]] | None = None,
) -> tuple[Any, list[dict[str, Any]]]:
    projector = Projector.of(plan([], fields, inaccessible={"Role": frozenset({"SECRET"})}), SCHEMA)
    found = [*(errors or [])]
    return projector.project(data, variables, found, Budget()), found


def paths(errors: list[dict[str, Any]]) -> list[Any]:
    return [error["path"] for error in errors]


class TestNulls:
    def test_a_missing_nullable_field_is_null(self) -> None:
        assert project({"user": {"id": "1"}}, {"user": ["id", "name"]}) == ({"user": {"id": "1", "name": None}}, [])

    def test_a_missing_non_null_field_makes_its_parent_null_with_an_error(self) -> None:
        data, errors = project({"user": {"name": "Ada"}}, {"user": ["name", "id"]})
        assert data == {"user": None}
        assert errors == [
            {
                "message": "Cannot return null for non-nullable field User.id.",
                "path": ["user", "id"],
                "extensions": {"code": "NON_NULL_VIOLATION"},
            }
        ]

    def test_null_moves_up_through_non_null_fields(self) -> None:
        friends = {"id": "1", "friend": {"id": "2", "friend": {"id": None}}}
        data, errors = project({"user": friends}, {"user": {"id": (), "friend": {"id": (), "friend": ["id"]}}})
        assert (data, paths(errors)) == ({"user": None}, [["user", "friend", "friend", "id"]])

    def test_null_moves_up_to_the_whole_answer(self) -> None:
        assert project({}, {"strict": ["id"]})[0] is None

    def test_a_null_in_a_list_that_allows_none_makes_the_list_null(self) -> None:
        data, errors = project({"users": [{"id": "1"}, {"id": None}, {"id": "3"}]}, {"users": ["id"]})
        assert (data, paths(errors)) == ({"users": None}, [["users", 1, "id"]])

    def test_a_null_in_a_nested_list_stops_at_the_nearest_nullable_place(self) -> None:
        assert project({"matrix": [[1], [2, None]]}, ["matrix"])[0] == {"matrix": None}

    @pytest.mark.parametrize("path", [["strict"], ["strict", "id"], ["strict", "id", "x"], None])
    def test_an_error_that_explains_the_null_is_enough(self, path: Any) -> None:
        known = [{"message": "known", **({"path": path} if path else {})}]
        assert project({"strict": {}}, {"strict": ["id"]}, errors=known)[1] == known

    def test_an_error_elsewhere_explains_nothing(self) -> None:
        known = [{"message": "known", "path": ["users", 0]}]
        _, errors = project({"users": [{"id": "0"}, {}]}, {"users": ["id"]}, errors=known)
        assert paths(errors) == [["users", 0], ["users", 1, "id"]]

    def test_the_number_of_errors_is_bounded(self) -> None:
        data, errors = project({"nobody": [{"id": None}] * 100_000}, {"nobody": ["id"]})
        assert data == {"nobody": [None] * 100_000}
        assert len(errors) == 1_000


class TestLeaves:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", "a"),
            ("name", ""),
            ("age", -(2**31)),
            ("score", 1),
            ("score", 1.5),
            ("active", False),
            ("role", "ADMIN"),
            ("tags", []),
        ],
    )
    def test_values_of_the_type_pass(self, field: str, value: Any) -> None:
        assert project({"user": {field: value}}, {"user": [field]}) == ({"user": {field: value}}, [])

    def test_numbers_are_given_as_the_type_has_them(self) -> None:
        data, errors = project({"user": {"id": 7, "age": 3.0}}, {"user": ["id", "age"]})
        assert (data, errors) == ({"user": {"id": "7", "age": 3}}, [])

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", 1),
            ("name", {"a": 1}),
            ("age", "1"),
            ("age", True),
            ("age", 1.5),
            ("age", 2**31),
            ("score", "1.5"),
            ("score", True),
            ("active", 1),
            ("role", "NOBODY"),
            ("role", 1),
            ("tags", "x"),
            ("tags", ["x", 1]),
            ("tags", {"0": "x"}),
        ],
    )
    def test_other_values_become_null_with_an_error(self, field: str, value: Any) -> None:
        data, errors = project({"user": {"id": "1", field: value}}, {"user": ["id", field]})
        assert data == {"user": {"id": "1", field: None}}
        assert [error["extensions"]["code"] for error in errors] == ["SUBGRAPH_MALFORMED_RESPONSE"]
        assert errors[0]["path"][:2] == ["user", field]

    @pytest.mark.parametrize("value", ["x", 1, [], True])
    def test_an_object_must_be_an_object(self, value: Any) -> None:
        data, errors = project({"user": value}, {"user": ["id"]})
        assert (data, paths(errors)) == ({"user": None}, [["user"]])

    def test_custom_scalars_pass_untouched(self) -> None:
        value = {"any": [1, {"thing": None}]}
        assert project({"anything": value}, ["anything"]) == ({"anything": value}, [])

    def test_an_inaccessible_enum_value_is_null(self) -> None:
        assert project({"user": {"role": "SECRET"}}, {"user": ["role"]}) == ({"user": {"role": None}}, [])

    def test_an_inaccessible_enum_value_where_null_is_forbidden_is_an_error(self) -> None:
        data, errors = project({"user": {"must": "SECRET"}}, {"user": ["must"]})
        assert (data, paths(errors)) == ({"user": None}, [["user", "must"]])


class TestTypes:
    def test_fields_apply_to_their_types(self) -> None:
        pets = [{"__typename": "Dog", "name": "Rex", "barks": True}, {"__typename": "Cat", "name": "Tom", "lives": 9}]
        selection = {"pets": {"__typename": (), "name": (), "... on Cat": ["lives"]}}
        assert project({"pets": pets}, selection)[0] == {
            "pets": [{"__typename": "Dog", "name": "Rex"}, {"__typename": "Cat", "name": "Tom", "lives": 9}]
        }

    def test_a_type_that_clients_may_not_see_is_null(self) -> None:
        assert project({"pet": {"__typename": "Dragon", "name": "x"}}, {"pet": ["name"]}) == ({"pet": None}, [])

    def test_an_object_known_only_as_its_interface_keeps_the_interfaces_fields(self) -> None:
        data = {"pet": {"__typename": "Pet", "name": "x"}}
        assert project(data, {"pet": ["name"]}) == ({"pet": {"name": "x"}}, [])

    def test_the_name_of_a_concrete_type_needs_no_data(self) -> None:
        assert project({"user": {}}, {"__typename": (), "user": ["__typename"]})[0] == {
            "__typename": "Query",
            "user": {"__typename": "User"},
        }


class TestConditions:
    @pytest.mark.parametrize(("a", "b", "shown"), [(True, True, True), (True, False, False), (False, False, True)])
    def test_a_field_applies_when_any_alternative_holds(self, a: bool, b: bool, shown: bool) -> None:  # noqa: FBT001
        when = ((Condition("a", value=True), Condition("b", value=True)), (Condition("a", value=False),))
        name = ProjectedField("name", "name", "name", field_type(SCHEMA, "User", "name"), when=when)
        user = ProjectedField("user", "user", "user", field_type(SCHEMA, "Query", "user"), selections=(name,))
        data, _ = project_fields({"user": {"name": "Ada"}}, [user], {"a": a, "b": b})
        assert data == {"user": {"name": "Ada"} if shown else {}}
