"""The commands of the planner's stages."""

import argparse
import json
from pathlib import Path

import pytest

from router.plan.commands import add_commands

SUPERGRAPH = """
schema @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION) { query: Query }
enum join__Graph { A @join__graph(name: "a", url: "") B @join__graph(name: "b", url: "") }
type Query @join__type(graph: A) @join__type(graph: B) { book: Book @join__field(graph: A) }
type Book @join__type(graph: A, key: "id") @join__type(graph: B, key: "id") {
  id: ID! title: String @join__field(graph: A) stars: Int @join__field(graph: B, requires: "title")
}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a supergraph and an operation."""
    (tmp_path / "supergraph.graphql").write_text(SUPERGRAPH, "utf-8")
    (tmp_path / "operation.graphql").write_text("query Q { book { ...F } } fragment F on Book { stars }", "utf-8")
    return tmp_path


def run(files: Path, *words: str) -> int:
    """Run a command as the command line does."""
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    supergraph = ["--supergraph", str(files / "supergraph.graphql")]
    operation = ["--operation", str(files / "operation.graphql")] if words[0] != "graph" else []
    arguments = parser.parse_args([words[0], *supergraph, *operation, *words[1:]])
    return arguments.run(arguments)


def test_normalize(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "normalize") == 0
    assert capsys.readouterr().out == "query\n  book\n    stars\n"
    assert run(files, "normalize", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0]["selections"][0]["field"] == "stars"


def test_plan(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "plan", "--operation-name", "Q") == 0
    assert "Flatten(book)" in capsys.readouterr().out
    assert run(files, "plan", "--format", "json") == 0
    fetches = json.loads(capsys.readouterr().out)["fetches"]
    assert [(fetch["subgraph"], fetch["after"]) for fetch in fetches] == [("a", []), ("b", [0])]


def test_graph(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "graph") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "Book@b .stars: Int requires { title }" in lines
    assert "Book -> Book@b by { id }" in lines
    assert run(files, "graph", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out) == lines


def test_graph_of_what_an_operation_touches(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "typename.graphql").write_text("{ __typename }", "utf-8")
    assert run(files, "graph", "--operation", str(files / "typename.graphql")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} <= {"Query", "Query@a", "Query@b"}
    assert run(files, "graph", "--operation", str(files / "operation.graphql")) == 0
    assert "Book -> Book@b by { id }" in capsys.readouterr().out.splitlines()


def test_labels_of_overrides(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = SUPERGRAPH.replace(
        "title: String @join__field(graph: A)",
        'title: String @join__field(graph: A, overrideLabel: "moved")'
        ' @join__field(graph: B, override: "a", overrideLabel: "moved")',
    )
    (files / "supergraph.graphql").write_text(text, "utf-8")
    for words, subgraph in ([], "a"), (["--label", "moved"], "b"):
        assert run(files, "graph", *words) == 0
        titles = [line for line in capsys.readouterr().out.splitlines() if ".title" in line]
        assert titles == [f"Book@{subgraph} .title: String"]


def test_a_problem_is_one_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(files, "plan", "--operation-name", "Missing") == 1
    assert capsys.readouterr().err == 'The document has no operation named "Missing".\n'


@pytest.mark.parametrize("command", ["normalize", "plan"])
@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (b"{ book {", "Syntax Error"),
        (b"{ nosuch }", "Cannot query field 'nosuch'"),
        (b"{ book { stars { x } } }", "must not have a selection"),
        (b"{ ...A } fragment A on Query { ...A }", "Cannot spread fragment 'A' within itself"),
        (b"{ ...Nope }", "Unknown fragment 'Nope'"),
        (b"\xff", "can't decode"),
        (b"{ book { " + b"... { " * 5_000 + b"id" + b" }" * 5_002, "nested too deeply"),
    ],
)
def test_what_is_no_operation_is_refused_in_words(
    files: Path, capsys: pytest.CaptureFixture[str], command: str, operation: bytes, said: str
) -> None:
    (files / "operation.graphql").write_bytes(operation)
    assert run(files, command) == 1
    assert said in capsys.readouterr().err
