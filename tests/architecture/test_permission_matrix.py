"""The page about permissions says what the code does, and the code asks the policies."""

import ast
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.permission_matrix import PAGE, Required, operations, page

REPOSITORY: Final = Path(__file__).parents[2]
HAND_ON: Final = {
    "subgraphs/auth/resolvers/accounts.py": "shows people what their token says",
    "subgraphs/auth/service/api_tokens.py": "a token can do no more than who makes it",
    "subgraphs/auth/service/audit.py": "says which service has done something",
    "subgraphs/auth/service/impersonation.py": "acts in a person's name with no more than whoever acts has",
    "subgraphs/auth/service/oauth_apps.py": "an app can do no more than who registers it",
    "subgraphs/auth/service/oauth_registration.py": "an app can do no more than who lets it register itself",
    "subgraphs/auth/service/oauth_userinfo.py": "scopes of OpenID Connect are no permissions",
    "subgraphs/auth/service/service_accounts.py": "a program can do no more than who makes it",
}
"""Where scopes are read themselves, to hand on some of them or to show them, and why."""


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


def reads_scopes(path: Path) -> bool:
    """Whether a module reads a caller's scopes itself."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(attr="scopes", value=ast.Name(id="caller") | ast.Attribute(attr="caller")):
                return True
            case _:
                pass
    return False


def test_nobody_decides_by_scopes_but_the_policies() -> None:
    reading = {
        str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "subgraphs").rglob("*.py") if reads_scopes(path)
    }
    assert reading <= HAND_ON.keys(), "ask `Caller.may`, `Caller.require` or `Rights` instead"
