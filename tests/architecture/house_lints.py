"""The house rules that neither an import contract nor a type checker can say.

Each rule is one function with its reason as docstring. A line may opt out with `# lint-skip: <rule> (<reason>)`; the
reason is required. Run as `python tests/architecture/house_lints.py [PATH ...]`; exit status 1 when anything is found.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeAlias

PACKAGES = ("router", "shared", "studium", "subgraphs")
MOST_LINES = 40
"""Of a function, from its first statement to its end."""
SKIP = re.compile(r"#\s*lint-skip:\s*(?P<rule>[\w-]+)\s*\((?P<reason>[^)]+)\)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: a path relative to the repository, a line counted from 1, the rule's name and what to do."""

    path: PurePosixPath
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True, slots=True)
class Code:
    """One module, looked through once for all rules.

    Attributes:
        nodes: of its syntax tree.
        literals: its strings with their lines, as `_literals` gives them.
    """

    path: PurePosixPath
    nodes: Sequence[ast.AST]
    literals: Sequence[tuple[int, str]]


Check: TypeAlias = Callable[[Code], Iterator[tuple[int, str]]]


def _room(path: PurePosixPath) -> str:
    """The room of a subgraph that a module stands in, or is."""
    return path.parts[2].removesuffix(".py") if path.parts[0] == "subgraphs" and len(path.parts) > 2 else ""


def sql_in_store(code: Code) -> Iterator[tuple[int, str]]:
    """SQL of a subgraph stands in its `store`, where a session already belongs to one tenant.

    Elsewhere a statement is easily written against the wrong session, and nobody finds it when the schema changes.
    `shared` is where sessions, roles, outbox and vectors are made, so it writes SQL; routers and commands never do.
    A model may say the predicate of an index or a constraint as text.
    """
    statements = {"select", "insert", "update", "delete", "text"}
    if _room(code.path) == "models":
        statements.discard("text")
    if code.path.parts[0] == "shared" or _room(code.path) == "store" or "migrations" in code.path.parts:
        return
    for node in code.nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sqlalchemy":
            for name in node.names:
                if name.name in statements:
                    yield node.lineno, f"`{name.name}` belongs in a store"
        if (
            isinstance(node, ast.Attribute)
            and node.attr in statements
            and isinstance(node.value, ast.Name)
            and node.value.id in {"sa", "sqlalchemy"}
        ):
            yield node.lineno, f"`{node.value.id}.{node.attr}` belongs in a store"
    for line, literal in code.literals:
        if re.match(r"\s*(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\S+\s+SET|DELETE\s+FROM)\s", literal, re.DOTALL):
            yield line, "SQL text belongs in a store"


def commit_in_unit_of_work(code: Code) -> Iterator[tuple[int, str]]:
    """Only the unit of work commits.

    A mutation is one transaction, together with its events, its inbox row and its idempotency key.
    """
    if code.path in {PurePosixPath("shared/database.py"), PurePosixPath("shared/documents.py")}:
        return
    for node in code.nodes:
        match node:
            case ast.Call(func=ast.Attribute(attr="commit" | "commit_transaction")):
                yield node.lineno, "leave the transaction to `unit_of_work`"
            case _:
                pass


def no_select_star(code: Code) -> Iterator[tuple[int, str]]:
    """`SELECT *` breaks cached statements when two tenants' tables differ in shape, as they do during a migration."""
    for line, literal in code.literals:
        if re.search(r"\bSELECT\s+(\w+\.)?\*", literal, re.IGNORECASE):
            yield line, "name the columns"


def no_plain_set(code: Code) -> Iterator[tuple[int, str]]:
    """A plain `SET` outlives its transaction and leaks into the next tenant that gets the pooled connection."""
    for line, literal in code.literals:
        if re.match(r"\s*SET\s+(?!LOCAL\b|CONSTRAINTS\b|TRANSACTION\b|NULL\b)\w", literal):
            yield line, "use `SET LOCAL`"


def callers_from_tokens(code: Code) -> Iterator[tuple[int, str]]:
    """A `Caller` comes from a verified token, or is a service acting on a tenant's own event or before a sign-in.

    Anything else could name a tenant that nobody has proven.
    """
    makers = {"shared/caller.py", "shared/tokens.py"}
    services = {
        "shared/events/consume.py",
        "shared/events/relay.py",
        "shared/events/sources.py",
        "shared/tenancy/onboarding.py",
        "subgraphs/auth/service/sessions.py",
        "subgraphs/auth/service/api_tokens.py",
        "subgraphs/auth/service/oauth.py",
        "subgraphs/users/service/sign_up.py",
    }
    for node in code.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "Caller" and str(code.path) not in makers:
            yield node.lineno, "take the Caller from TokenVerifier.caller"
        if name == "service_caller" and str(code.path) not in makers | services and code.path.parts[0] != "studium":
            yield node.lineno, "only event handling and sign-in act without a person"


def sessions_from_callers(code: Code) -> Iterator[tuple[int, str]]:
    """A `TenantSession` is made where its role and schema are set, never by hand."""
    if code.path == PurePosixPath("shared/database.py"):
        return
    for node in code.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TenantSession":
            yield node.lineno, "take the session from `Sessions.read` or `unit_of_work`"


def short_functions(code: Code) -> Iterator[tuple[int, str]]:
    """A function's body, its docstring apart, fits a page: a longer one does several things that have names.

    A migration is left as it was written, as it has run.
    """
    if "versions" in code.path.parts:
        return
    for node in code.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            steps = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            lines = (node.end_lineno or node.lineno) - steps[0].lineno + 1 if steps else 0
            if lines > MOST_LINES:
                yield node.lineno, f"`{node.name}` has {lines} lines: name its parts, {MOST_LINES} at most"


RULES: dict[str, Check] = {
    "sql-in-store": sql_in_store,
    "commit-in-unit-of-work": commit_in_unit_of_work,
    "no-select-star": no_select_star,
    "no-plain-set": no_plain_set,
    "callers-from-tokens": callers_from_tokens,
    "sessions-from-callers": sessions_from_callers,
    "short-functions": short_functions,
}


def lint(path: PurePosixPath, source: str) -> list[Finding]:
    """The findings in one module, in the order of their lines; `path` is relative to the repository."""
    lines = source.splitlines()
    nodes = list(ast.walk(ast.parse(source)))
    code = Code(path, nodes, list(_literals(nodes)))
    found = [
        Finding(path, line, rule, message)
        for rule, check in RULES.items()
        for line, message in check(code)
        if not _skipped(lines[line - 1], rule)
    ]
    return sorted(found, key=lambda finding: (finding.line, finding.rule))


def _skipped(line: str, rule: str) -> bool:
    skip = SKIP.search(line)
    return skip is not None and skip["rule"] == rule


def _literals(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Every string of code, f-strings with `{}` for their values; docstrings are prose and left out."""
    prose = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    parts = {id(value) for node in nodes if isinstance(node, ast.JoinedStr) for value in node.values}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in prose and id(node) not in parts:
                yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            texts = (value.value if isinstance(value, ast.Constant) else "{}" for value in node.values)
            yield node.lineno, "".join(str(text) for text in texts)


def main(arguments: Sequence[str]) -> int:
    """Lint the given files or folders, or the four packages; print findings and return the exit status."""
    root = Path(__file__).resolve().parents[2]
    starts = [Path(argument).resolve() for argument in arguments] or [root / package for package in PACKAGES]
    modules = sorted(file for start in starts for file in ([start] if start.is_file() else start.rglob("*.py")))
    findings = [
        finding
        for module in modules
        for finding in lint(PurePosixPath(module.relative_to(root)), module.read_text(encoding="utf-8"))
    ]
    for finding in findings:
        sys.stdout.write(f"{finding}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
