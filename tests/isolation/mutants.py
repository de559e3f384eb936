"""Code that has forgotten the tenant: what must be noticed when it is written.

A mutant is a module with one wall taken away: a role that is not taken on, a tenant's name replaced by one that is the
same for all, a key of a cache without the tenant, a comparison of tenants that always finds them the same.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_TENANT: Final = "tenant_id"
_NAMING: Final = {"tenant_schema": 0, "tenant_role": 0, "document_database": 1}
"""What names a tenant's things, and which of its arguments the tenant is."""
_NOBODY: Final = "'one for all'"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module's code without one of its walls.

    Attributes:
        line: where the wall stood.
        what: was taken away.
        code: of the whole module.
    """

    line: int
    what: str
    code: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    said = {each for node in ast.walk(tree) if isinstance(node, ast.Raise) for each in ast.walk(node)}
    found = [
        _mutant(tree, number, other)
        for number, node in enumerate(ast.walk(tree))
        if node not in said  # what an error says is no wall
        for other in _without(node)
    ]
    return sorted(found, key=lambda mutant: (mutant.line, mutant.what))


def _without(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in a node's place when it has forgotten the tenant."""
    match node:
        case ast.Expr(value=ast.Call() as call) if "ENTER_TENANT" in ast.unparse(call):
            yield ast.copy_location(ast.Pass(), node)
        case ast.Compare(ops=[ast.Eq()]) if _names_tenant(node):
            yield ast.copy_location(ast.Constant(value=True), node)
        case ast.Compare(ops=[ast.NotEq()]) if _names_tenant(node):
            yield ast.copy_location(ast.Constant(value=False), node)
        case ast.Call(func=ast.Name(id=name), args=[*arguments]) if name in _NAMING:
            given = [ast.unparse(each) for each in arguments]
            given[_NAMING[name]] = f"globals().setdefault('first_tenant', {given[_NAMING[name]]})"
            yield _replaced(node, f"{name}({', '.join(given)})")  # whoever comes first is taken for all who come after
        case ast.Tuple(elts=[*parts], ctx=ast.Load()) if any(_names_tenant(each) for each in parts):
            left = [ast.unparse(each) for each in parts if not _names_tenant(each)]
            yield _replaced(node, f"({', '.join([_NOBODY, *left])},)")
        case ast.Subscript(slice=index) if _names_tenant(index):
            yield _replaced(node, f"{ast.unparse(node.value)}[{_NOBODY}]", node.ctx)
        case ast.FormattedValue(value=value) if _names_tenant(value):
            yield ast.copy_location(ast.Constant(value="all"), node)
        case _:
            pass


def _names_tenant(node: ast.AST) -> bool:
    return any(
        (isinstance(each, ast.Attribute) and each.attr == _TENANT)
        or (isinstance(each, ast.Name) and each.id == _TENANT)
        for each in ast.walk(node)
    )


def _replaced(node: ast.expr, code: str, context: ast.expr_context | None = None) -> ast.expr:
    made = ast.parse(code, mode="eval").body
    if context is not None and isinstance(made, ast.Subscript):
        made.ctx = context
    return ast.copy_location(made, node)


def _mutant(tree: ast.Module, number: int, other: ast.AST) -> Mutant:
    mutated = copy.deepcopy(tree)
    node = [*ast.walk(mutated)][number]
    for parent in ast.walk(mutated):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, other)
            elif isinstance(value, list) and any(each is node for each in value):  # pyright: ignore[reportUnknownVariableType] - nodes
                setattr(parent, name, [other if each is node else each for each in value])  # pyright: ignore[reportUnknownVariableType]
    line = getattr(node, "lineno", 0)
    return Mutant(line, ast.unparse(node), ast.unparse(ast.fix_missing_locations(mutated)))
