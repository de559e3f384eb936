"""The page about permissions says what the code does."""

from pathlib import Path

import pytest

from tests.architecture.permission_matrix import PAGE, Required, operations, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `python -m tests.architecture.permission_matrix`"


@pytest.mark.parametrize(
    ("operation", "permission", "always"),
    [
        ("mutation createRole", "roles:manage", True),
        ("mutation revokeRole", "roles:manage", True),
        ("mutation publishCourse", "courses:write", True),
        ("mutation inviteUsers", "users:invite", True),
        ("query roleAssignments", "roles:manage", False),
        ("query users", "users:read", True),
    ],
)
def test_requirements_are_found_wherever_they_stand(operation: str, permission: str, always: bool) -> None:  # noqa: FBT001
    assert Required(permission, always) in dict(operations())[operation]


def test_operations_go_by_their_names_in_the_graph() -> None:
    schema = (Path(__file__).parents[2] / "schema" / "supergraph.graphql").read_text()
    for operation, _ in operations():
        assert f"\n  {operation.partition(' ')[2]}" in schema, operation
