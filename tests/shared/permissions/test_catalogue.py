"""The permissions there are, and who has them from the start."""

import ast
from pathlib import Path

from shared.permissions.catalogue import BUILT_IN, PERMISSIONS, unknown
from shared.roles import Role

ROOT = Path(__file__).parents[3]


def required() -> set[str]:
    """The permissions that the code asks for by name: ``caller.require("…")``."""
    found: set[str] = set()
    for path in (ROOT / "subgraphs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="require"), args=[ast.Constant(value=str(name)), *_]):
                    found.add(name)
                case _:
                    pass
    return found


class TestCatalogue:
    def test_has_every_permission_that_the_code_asks_for(self) -> None:
        assert not unknown(required())

    def test_owners_hold_every_permission(self) -> None:
        assert BUILT_IN[Role.OWNER] == PERMISSIONS.keys()

    def test_each_role_may_do_what_the_one_below_may(self) -> None:
        assert BUILT_IN[Role.LEARNER] < BUILT_IN[Role.INSTRUCTOR] < BUILT_IN[Role.OWNER]

    def test_tells_what_there_is_not(self) -> None:
        assert unknown({"learn", "fly", "dig"}) == ["dig", "fly"]
