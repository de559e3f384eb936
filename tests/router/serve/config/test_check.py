"""A configuration is looked at as far as that takes nothing but files, and what is wrong names its key or its file."""

import json
from pathlib import Path

import pytest

from router.__main__ import main
from router.serve.sources import of_subgraphs

ROOT = Path(__file__).parents[4]
SUBGRAPH = {"name": "one", "url": "http://one.example/graphql", "sdl": "type Query { a: Int }"}
TOKENS = "access: {{tokens: {{issuers: [{{issuer: i, audiences: [a], jwks: {jwks}}}]}}}}"


def told(folder: Path, text: str, *options: str, capsys: pytest.CaptureFixture[str], **subgraph: str) -> str:
    """What is told of a file over one subgraph; nothing if all is well."""
    (folder / "subgraphs.json").write_text(json.dumps([SUBGRAPH | subgraph]))
    path = folder / "router.yaml"
    path.write_text(text if "supergraph:" in text else f"supergraph: {{subgraphs: subgraphs.json}}\n{text}")
    status = main(["config", "check", str(path), *options])
    given = capsys.readouterr()
    assert (status == 0) == (not given.err) == given.out.endswith("is a configuration.\n")
    return given.err.replace(f"{folder}/", "")


@pytest.mark.parametrize(
    "text",
    [
        "http: {batch: 1}",
        "access: {forward: [X-Team]}\ntraffic: {headers: [{propagate: {name: x-team}}, {propagate: {matching: y}}]}",
        TOKENS.format(jwks="https://id.example/keys"),
        "supergraph: {url: 'https://registry.example/graph'}",
        "http: {cors: {origins: ['https://a.example', 'http://localhost:3000', '*', 'null', 'app://x']}}",
    ],
)
def test_what_can_be_served_is_a_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert not told(tmp_path, text, capsys=capsys)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("http: {batch: x}", "router.yaml:2: http.batch: Must be a whole number"),
        ("supergraph: {file: missing.graphql}", "Cannot read missing.graphql: No such file or directory."),
        ("supergraph: {file: router.yaml}", "router.yaml:1:1"),
        ("supergraph: {url: 'https://'}", "router.yaml:1: supergraph: The URL of the supergraph has to begin with"),
        ("persisted: {manifests: [missing.json]}", "missing.json"),
        ("hooks: {policies: 'nowhere:f'}", "hooks.policies: "),
        (TOKENS.format(jwks="missing.json"), "access.tokens.issuers[0].jwks: There is no such file."),
        ("traffic: {subgraphs: {two: {url: 'http://h'}}}", "traffic.subgraphs.two: There is no such subgraph"),
        ("traffic: {subgraphs: {one: {replicas: ['one:4001']}}}", "A URL of subgraph one is none"),
        ("traffic: {headers: [{propagate: {name: x-team}}]}", "No header x-team is there to be propagated"),
        (
            "traffic: {subgraphs: {one: {headers: [{propagate: {name: x-team}}]}}}",
            "No header x-team is there to be propagated",
        ),
        ("telemetry: {tracing: {endpoint: 'collector:4318'}}", "telemetry.tracing: A collector has a URL"),
        *(
            (f"http: {{cors: {{origins: ['{origin}']}}}}", "http.cors: Origin 1 is none that a browser sends")
            for origin in ("a.example", "https://a.example/", "https://A.example", "https://a.example:443", "https://")
        ),
    ],
)
def test_what_could_not_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, problem: str) -> None:
    assert problem in told(tmp_path, text, capsys=capsys)


def test_subgraphs_that_do_not_compose_are_told_with_their_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = told(tmp_path, "", capsys=capsys, sdl="type Query { a: X }").splitlines()
    assert first == "subgraphs.json does not compose:"
    assert "Query.a" in second


def test_keys_alone_can_be_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not told(tmp_path, "supergraph: {file: missing.graphql}", "--keys-only", capsys=capsys)


def test_the_configuration_for_the_open_internet_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "subgraphs.json").write_text(json.dumps([SUBGRAPH]))
    supergraph = of_subgraphs(tmp_path / "subgraphs.json").supergraph_sdl
    (tmp_path / "supergraph.graphql").write_text(supergraph)
    text = (ROOT / "docs" / "router" / "production.yaml").read_text()
    assert not told(tmp_path, text, capsys=capsys)
