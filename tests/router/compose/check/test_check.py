"""`python -m router check`."""

import json
from pathlib import Path

import pytest

from router.__main__ import main
from tests.router.compose.graphs import supergraph

OLD = """
type Query { me(full: Boolean): User users(filter: Filter): [User] search: [Hit] sorted(by: Order): Int }
type User { id: ID name: String }
type Page { id: ID }
union Hit = User | Page
input Filter { name: String inner: Inner }
input Inner { order: Order }
enum Order { UP DOWN }
"""


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Check":
    return Check(tmp_path, capsys)


class Check:
    """Runs the command on texts."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys

    def file(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        status = main(["check", *arguments])
        told = self._capsys.readouterr()
        return status, told.out, told.err

    def __call__(self, old: str, new: str, *arguments: str, usage: object = None) -> tuple[int, list[str]]:
        """Exit status and lines."""
        told = ("--usage", self.file("usage.json", json.dumps(usage))) if usage is not None else ()
        against, supergraph = self.file("old.graphql", old), self.file("new.graphql", new)
        status, out, _ = self.run("--against", against, "--supergraph", supergraph, *told, *arguments)
        return status, out.splitlines()


def test_the_same_schema_breaks_nothing(check: Check) -> None:
    assert check(OLD, OLD) == (0, ["0 breaking, 0 dangerous"])


def test_a_removed_field_breaks(check: Check) -> None:
    assert check(OLD, OLD.replace("name: String }", "}", 1)) == (
        1,
        ["BREAKING FIELD_REMOVED: Field User.name was removed.", "1 breaking, 0 dangerous"],
    )


def test_what_is_only_dangerous_passes(check: Check) -> None:
    status, lines = check(OLD, OLD.replace("DOWN", "DOWN RANDOM"))
    assert status == 0
    assert lines == ["DANGEROUS VALUE_ADDED_TO_ENUM: Enum value Order.RANDOM was added.", "0 breaking, 1 dangerous"]


class TestUsage:
    def test_what_nobody_uses_may_go(self, check: Check) -> None:
        new = OLD.replace("name: String }", "}", 1)
        assert check(OLD, new, usage={"web": {"User.id": 3}}) == (
            0,
            ["BREAKING FIELD_REMOVED: Field User.name was removed. Not in use.", "1 breaking (0 in use), 0 dangerous"],
        )

    def test_who_uses_it_is_told(self, check: Check) -> None:
        new = OLD.replace("name: String }", "}", 1)
        status, lines = check(OLD, new, usage={"web": {"User.name": 3}, "ios": {"User.name": 1}, "cli": {}})
        assert status == 1
        assert lines[0].endswith("Used by ios (1), web (3).")

    @pytest.mark.parametrize(
        ("removed", "coordinate", "users"),
        [
            ("full: Boolean", "Query.me(full:)", ("Query.me", "Query.me(full:)")),
            (" DOWN", "Order.DOWN", ("Query.sorted", "Query.users", "Order.DOWN")),
            (" | Page", "Page", ("Page.id", "Page")),
            ("inner: Inner", "Filter.inner", ("Query.users", "Filter.inner")),
        ],
    )
    def test_parts_are_used_through_fields(
        self, removed: str, coordinate: str, users: tuple[str, ...], check: Check
    ) -> None:
        new = OLD.replace(f"({removed})", "").replace(removed, "")
        for used in users:
            status, lines = check(OLD, new, usage={"web": {used: 2}})
            assert status == 1, used
            assert coordinate in lines[0]
        assert check(OLD, new, usage={"web": {"Query.other": 2}})[0] == 0

    def test_arguments_and_values_are_looked_at_by_themselves_where_they_are_counted(self, check: Check) -> None:
        new = OLD.replace("(full: Boolean)", "(other: Boolean)").replace(" DOWN", "")
        usage = {"web": {"Query.me": 5, "Query.me(other:)": 5, "Query.sorted": 5, "Order.UP": 5}}
        assert check(OLD, new, usage=usage)[0] == 0

    @pytest.mark.parametrize("usage", ["[]", "{", '{"web": 3}', '{"web": {"Query.me": "3"}}'])
    def test_a_file_that_tells_no_usage_gives_one_line(self, usage: str, check: Check) -> None:
        old = check.file("old.graphql", OLD)
        bad = check.file("usage.json", usage)
        status, _, told = check.run("--against", old, "--supergraph", old, "--usage", bad)
        assert (status, told.count("\n")) == (1, 1)
        assert told.startswith(f"{bad} ")


def test_json_tells_the_same(check: Check) -> None:
    new = OLD.replace("name: String }", "}", 1).replace("DOWN", "DOWN RANDOM")
    status, lines = check(OLD, new, "--format", "json", usage={"web": {"User.name": 3}})
    told = json.loads("\n".join(lines))
    assert status == 1
    assert told == {
        "ok": False,
        "breaking": [
            {
                "type": "FIELD_REMOVED",
                "coordinate": "User.name",
                "message": "Field User.name was removed.",
                "inUse": True,
                "usage": {"web": 3},
            }
        ],
        "dangerous": [
            {
                "type": "VALUE_ADDED_TO_ENUM",
                "coordinate": "Order.RANDOM",
                "message": "Enum value Order.RANDOM was added.",
                "inUse": False,
                "usage": {},
            }
        ],
    }


def test_supergraphs_are_compared_by_what_clients_see(check: Check) -> None:
    old = supergraph(a="type Query { a: Int b: Int @inaccessible }")
    assert check(old, "type Query { a: Int }")[0] == 0
    assert check(old, supergraph(a="type Query { a: Int @inaccessible b: Int }"))[0] == 1


def test_a_configuration_is_composed(check: Check) -> None:
    old = check.file("old.graphql", "type Query { a: Int }")
    config = check.file("supergraph.yaml", "subgraphs: {a: {schema: {sdl: 'type Query { b: Int }'}}}")
    status, out, _ = check.run("--against", old, "--config", config)
    assert (status, out.splitlines()[0]) == (1, "BREAKING FIELD_REMOVED: Field Query.a was removed.")
    other = check.file("a.graphql", "type Query { a: Int }")
    assert check.run("--against", old, "--config", config, "--subgraph", f"a={other}")[0] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type Query {", "is no schema: Syntax Error"),
        ("type Query { a: B }", "is no schema: "),
        ("type Query { a: Int }\ntype A { b: Int }\ntype A { c: Int }", "only one type named 'A'. (at 2:6) (at 3:6)"),
        ("type Query { a: Int a: String }", "Field 'Query.a' can only be defined once. (at 1:14)"),
        ("type Query { a(x: Int, x: Int): Int }", "Argument 'Query.a(x:)' can only be defined once."),
        ("type Query { a: E } enum E { A A }", "Enum value 'E.A' can only be defined once."),
    ],
)
def test_a_file_that_is_no_schema_gives_one_line(text: str, said: str, check: Check) -> None:
    status, _, told = check.run("--against", check.file("old.graphql", text), "--supergraph", "nowhere.graphql")
    assert (status, told.count("\n")) == (1, 1)
    assert said in told


def test_a_file_that_is_not_there_gives_one_line(check: Check) -> None:
    status, _, told = check.run("--against", "nowhere.graphql")
    assert (status, told) == (1, "Cannot read nowhere.graphql: No such file or directory.\n")


def test_what_does_not_compose_is_told(check: Check) -> None:
    old = check.file("old.graphql", "type Query { a: Int }")
    config = check.file("supergraph.yaml", "subgraphs: {a: {schema: {sdl: 'type Query { b: }'}}}")
    status, out, told = check.run("--against", old, "--config", config)
    assert (status, out) == (1, "")
    assert told.startswith("INVALID_GRAPHQL: [a] Syntax Error")
