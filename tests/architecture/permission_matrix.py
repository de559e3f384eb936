"""Which role may call which operation, read from the code: `python -m tests.architecture.permission_matrix` writes it.

For each root field, what its resolver calls is followed through its subgraph, and every permission that is required on
the way is noted. One that is required under a condition alone is about other people's things, or some places'.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

from shared.permissions.catalogue import BUILT_IN, PERMISSIONS
from shared.roles import Role
from studium.platform import SUBGRAPHS

PAGE: Final = Path(__file__).parents[2] / "docs" / "api" / "permissions.md"
_ROOTS: Final = ("Query", "Mutation", "Subscription")
_HEAD: Final = """# Permissions

This page is generated from the code (`python -m tests.architecture.permission_matrix`); a test holds it to it.

A person holds permissions by roles: what they are in the tenant, and roles assigned to them in the whole tenant, at an
org unit, a course or a section. `viewer { permissions(at:) }` tells a client what its user may do at a place. How it is
decided: `docs/decisions/0010-permissions-in-tokens-grants-by-events.md`.

## The permissions

| permission | lets its holder | OWNER | INSTRUCTOR | LEARNER |
| --- | --- | --- | --- | --- |
"""
_OPERATIONS: Final = """
## Who may call what

The columns are the roles that every tenant has, in the whole tenant; a role assigned at a place counts there, where the
operation is about a place. ✓ may, ◐ may for what is their own or what everybody sees, ✗ may not. Operations that ask
for no permission are not listed: each says in the schema whom it is for.

| operation | permission | OWNER | INSTRUCTOR | LEARNER |
| --- | --- | --- | --- | --- |
"""
_COLUMNS: Final = (Role.OWNER, Role.INSTRUCTOR, Role.LEARNER)


@dataclass(frozen=True, slots=True)
class Required:
    """A permission that is asked for, always or under a condition."""

    permission: str
    always: bool


@dataclass
class _Reading(ast.NodeVisitor):
    """What one function requires, and what it calls."""

    function: FunctionType
    required: set[Required] = field(default_factory=set[Required])
    called: set[tuple[FunctionType, bool]] = field(default_factory=set[tuple[FunctionType, bool]])
    _conditions: int = 0

    def visit_If(self, node: ast.If) -> None:
        """The test itself is always evaluated; one that refuses who is not allowed requires as `require` does."""
        if all(isinstance(each, ast.Raise) for each in node.body):
            self._note_refusal(node.test, always=True)
        self.visit(node.test)
        self._conditions += 1
        for each in (*node.body, *node.orelse):
            self.visit(each)
        self._conditions -= 1

    def _note_refusal(self, test: ast.expr, *, always: bool) -> None:
        """What must be allowed so that a test does not refuse; with something else beside it, now and then alone."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=ast.Call(func=ast.Attribute(attr="allow" | "may"), args=[name, *_])):
                self._note(name, always=always)
            case ast.BoolOp(op=kind, values=values):
                for each in values:
                    self._note_refusal(each, always=always and isinstance(kind, ast.Or))
            case _:
                pass

    def visit_Call(self, node: ast.Call) -> None:
        """Note a requirement, or a call that can be followed."""
        self.generic_visit(node)
        match node.func:
            case ast.Attribute(attr="require"):
                self._note(node.args[0])
            case ast.Name(id="require_at"):
                self._note(node.args[1])
            case ast.Name(id="require_own"):  # asked of apps alone
                self._note(node.args[1], always=False)
            case _:
                target = self._resolve(node.func)
                if isinstance(target, MethodType):
                    target = target.__func__
                if isinstance(target, FunctionType) and target.__module__.startswith("subgraphs."):
                    self.called.add((target, self._conditions == 0))

    def _note(self, permission: ast.expr, *, always: bool = True) -> None:
        name = self._resolve(permission)
        if name in PERMISSIONS:
            self.required.add(Required(name, always=always and self._conditions == 0))

    def _resolve(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return vars(import_module(self.function.__module__)).get(name)
            case ast.Attribute(value=base, attr=name):
                known = self._resolve(base)
                return getattr(known, name, None) if isinstance(known, ModuleType | type) else None
            case _:
                return None


@cache
def required_by(function: FunctionType) -> frozenset[Required]:
    """Every permission that is required on the way through a function."""
    found: set[Required] = set()
    seen: set[tuple[FunctionType, bool]] = set()
    waiting = [(function, True)]
    while waiting:
        one, always = waiting.pop()
        if (one, always) in seen:
            continue
        seen.add((one, always))
        reading = _Reading(one)
        reading.visit(ast.parse(textwrap.dedent(inspect.getsource(one))))
        found |= {Required(each.permission, each.always and always) for each in reading.required}
        waiting += [(target, always and unconditional) for target, unconditional in reading.called]
    certain = {each.permission for each in found if each.always}
    return frozenset(each for each in found if each.always or each.permission not in certain)


def operations() -> Iterator[tuple[str, frozenset[Required]]]:
    """Every root field by its name in the graph, with what it requires; in order."""
    for root in _ROOTS:
        fields: dict[str, frozenset[Required]] = {}
        for subgraph in SUBGRAPHS:
            type_ = getattr(import_module(f"subgraphs.{subgraph}.resolvers"), root, None)
            for one in type_.__strawberry_definition__.fields if type_ else ():
                fields[one.graphql_name or _camel(one.python_name)] = required_by(one.base_resolver.wrapped_func)
        yield from ((f"{root.lower()} {name}", fields[name]) for name in sorted(fields))


def page() -> str:
    """The whole page."""
    permissions = [
        f"| `{name}` | {words} | {' | '.join(_mark(name in BUILT_IN[role]) for role in _COLUMNS)} |"
        for name, words in PERMISSIONS.items()
    ]
    rows = [_row(name, required) for name, required in operations() if required]
    return _HEAD + "\n".join(permissions) + "\n" + _OPERATIONS + "\n".join(rows) + "\n"


def _row(name: str, required: frozenset[Required]) -> str:
    always = {each.permission for each in required if each.always}
    all_ = {each.permission for each in required}
    cells = [_mark(all_ <= BUILT_IN[role], partly=always <= BUILT_IN[role]) for role in _COLUMNS]
    shown = ", ".join(f"`{permission}`" for permission in sorted(all_))
    return f"| {name} | {shown} | {' | '.join(cells)} |"


def _mark(may: bool, *, partly: bool = False) -> str:  # noqa: FBT001
    return "✓" if may else "◐" if partly else "✗"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page())
