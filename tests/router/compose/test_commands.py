"""`python -m router compose`."""

import io
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from router.__main__ import main

CONFIG = """
federation_version: =2.11.0
subgraphs:
  a:
    routing_url: http://a
    schema:
      file: ./a.graphql
  b:
    routing_url: http://b
    schema:
      sdl: |
        type Query { b: Int }
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of two subgraphs, one in a file beside it."""
    (tmp_path / "a.graphql").write_text("type Query { a: Int }")
    path = tmp_path / "supergraph.yaml"
    path.write_text(CONFIG)
    return path


def run(*arguments: str | Path) -> int:
    return main(["compose", *map(str, arguments)])


def test_a_supergraph_goes_to_standard_output(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config", config) == 0
    assert 'A @join__graph(name: "a", url: "http://a")' in capsys.readouterr().out


def test_or_to_a_file(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = config.parent / "supergraph.graphql"
    assert run("--config", config, "--output", target) == 0
    assert "a: Int @join__field(graph: A)" in target.read_text()
    assert capsys.readouterr().out == ""


def test_errors_leave_the_file_alone_and_name_their_place(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "a.graphql").write_text("type Query {\n  a: Nothing\n}")
    target = config.parent / "supergraph.graphql"
    target.write_text("as it was")
    assert run("--config", config, "--output", target) == 1
    assert target.read_text() == "as it was"
    told = capsys.readouterr().err
    assert told == 'INVALID_GRAPHQL: [a] "Query.a" has the unknown type "Nothing". (at a:2:3)\n'


def test_errors_come_as_json_if_asked_for(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "a.graphql").write_text("type Query {\n  a: Nothing\n}")
    assert run("--config", config, "--format", "json") == 1
    told = json.loads(capsys.readouterr().err)
    assert told["ok"] is False
    assert told["errors"][0]["code"] == "INVALID_GRAPHQL"
    assert told["errors"][0]["locations"] == [{"subgraph": "a", "line": 2, "column": 3}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("subgraphs: {a: {schema: {file: nowhere.graphql}}}", "nowhere.graphql: No such file or directory."),
        ("subgraphs: {a: {schema: {}}}", '"schema" of subgraph "a" must have a "file", an "sdl" or a "subgraph_url".'),
        ("subgraphs: {a: 3}", 'subgraph "a" must be a mapping.'),
        ("subgraphs: {}", "names no subgraphs."),
        ("a: [", "is no YAML:"),
        ("[]", "it must be a mapping."),
        ("subgraphs:\n  a: {}\n  a: {}", 'is no YAML: "a" is there twice (at 3:3).'),
        ("subgraphs: {1: {schema: {sdl: ''}}}", "INVALID_GRAPHQL: [1] "),
    ],
)
def test_a_bad_configuration_gives_one_line(
    text: str, said: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(text)
    assert run("--config", config) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_an_output_that_cannot_be_written_gives_one_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config", config, "--output", config.parent / "no" / "where.graphql") == 1
    assert capsys.readouterr().err.startswith("Cannot write ")


def test_where_one_file_cannot_be_written_none_is(config: Path) -> None:
    before = set(config.parent.iterdir())
    api = config.parent / "api.graphql"
    assert run("--config", config, "--api-schema", api, "--output", config.parent / "no" / "where.graphql") == 1
    assert run("--config", config, "--api-schema", api, "--output", config.parent) == 1
    assert set(config.parent.iterdir()) == before


def test_what_a_link_points_to_is_written(config: Path) -> None:
    target = config.parent / "target.graphql"
    target.write_text("old")
    target.chmod(0o600)
    link = config.parent / "link.graphql"
    link.symlink_to(target)
    assert run("--config", config, "--output", link) == 0
    assert link.is_symlink()
    assert "a: Int @join__field(graph: A)" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_device_is_written_to_and_not_replaced(config: Path) -> None:
    pipe = config.parent / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        read = pool.submit(pipe.read_text)
        assert run("--config", config, "--output", pipe) == 0
        assert "a: Int @join__field(graph: A)" in read.result()
    assert pipe.is_fifo()


def test_standard_output_can_be_named(config: Path) -> None:
    command = [sys.executable, "-m", "router", "compose", "--config", str(config), "--output", "/dev/stdout"]
    target = config.parent / "redirected.graphql"
    with target.open("wb") as file:
        number = target.stat().st_ino
        subprocess.run(command, stdout=file, check=True)  # noqa: S603 - our own command
    assert target.stat().st_ino == number
    assert "a: Int @join__field(graph: A)" in target.read_text()


def test_a_reader_that_has_enough_gives_no_traceback(config: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "router", "compose", "--config", str(config)]
    with os.fdopen(write, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)  # noqa: S603 - our own command
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_contract_gives_a_variant_and_what_clients_see_of_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "a.graphql").write_text('type Query { a: Int @tag(name: "x") }')
    api = config.parent / "api.graphql"
    assert run("--config", config, "--exclude", "x, y", "--api-schema", api) == 0
    assert 'a: Int @join__field(graph: A) @tag(name: "x") @inaccessible' in capsys.readouterr().out
    assert api.read_text() == "type Query {\n  b: Int\n}\n"


def test_a_contract_that_leaves_nothing_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config", config, "--include", "x", "--output", config.parent / "no.graphql") == 1
    assert capsys.readouterr().err.startswith('ONLY_INACCESSIBLE_CHILDREN: All of "Query" is @inaccessible')
    assert not (config.parent / "no.graphql").exists()


def test_a_subgraph_can_be_tried_from_another_file(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config.parent / "new.graphql").write_text("type Query { new: Int }")
    assert run("--config", config, "--subgraph", f"b={config.parent / 'new.graphql'}") == 0
    assert "new: Int @join__field(graph: B)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("pair", "said"),
    [("c=new.graphql", 'has no subgraph "c"; it has a, b.'), ("b", '--subgraph must be NAME=FILE, and is "b".')],
)
def test_an_unknown_subgraph_gives_one_line(
    pair: str, said: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--config", config, "--subgraph", pair) == 1
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_sets_come_and_go_a_line_each(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    good = {"id": 1, "subgraphs": [{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]}
    bad = {"id": "two", "subgraphs": [{"name": "a", "url": None, "sdl": "type Query { a: B }"}]}
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(f"{json.dumps(good)}\n\n{json.dumps(bad)}\n".encode()))
    )
    assert run("--jsonl") == 0
    one, two = map(json.loads, capsys.readouterr().out.splitlines())
    assert (one["id"], one["ok"], one["errors"]) == (1, True, [])
    assert "a: Int" in one["supergraphSdl"]
    assert (two["id"], two["ok"], two["supergraphSdl"]) == ("two", False, None)
    assert two["errors"][0]["locations"] == [{"subgraph": "a", "line": 1, "column": 14}]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": 1}',
        b"no JSON",
        b"\xff",
        b"[" * 100_000,
        b'{"subgraphs": [{"name": 1, "sdl": ""}]}',
        b'{"subgraphs": [{"name": "a", "sdl": null}]}',
    ],
)
def test_a_line_that_is_no_set_is_refused_and_those_behind_it_are_answered(
    line: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = b'{"id": 3, "subgraphs": [{"name": "a", "url": "http://a", "sdl": "type Query { a: Int }"}]}'
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\n" + line + b"\n" + good + b"\n")))
    assert run("--jsonl") == 1
    refused, answered = map(json.loads, capsys.readouterr().out.splitlines())
    assert (refused["id"], refused["ok"], refused["errors"][0]["code"]) == (None, False, "INVALID_INPUT")
    assert refused["errors"][0]["message"].startswith("Line 2 is not of the form {id, subgraphs: ")
    assert (answered["id"], answered["ok"]) == (3, True)


@pytest.mark.parametrize(("factor", "is_too_much"), [("1", True), ("2", False)])
def test_a_factor_lets_bigger_graphs_be_composed(
    config: Path, capsys: pytest.CaptureFixture[str], factor: str, *, is_too_much: bool
) -> None:
    config.write_text(CONFIG + "".join(f"  s{at}: {{schema: {{sdl: 'type'}}}}\n" for at in range(1_000)))
    assert run("--config", config, "--limits", factor) == 1
    assert ("No more than 1,000 subgraphs" in capsys.readouterr().err) == is_too_much


@pytest.mark.parametrize("factor", ["0", "-1", "x", "1.5", "10000"])
def test_a_factor_is_a_whole_number(config: Path, capsys: pytest.CaptureFixture[str], factor: str) -> None:
    with pytest.raises(SystemExit):
        run("--config", config, "--limits", factor)
    assert "a whole number from 1 to 1,000 is wanted" in capsys.readouterr().err
