"""What is told about the configuration is what it is: the schema, the page of all keys, and the printed values."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from router.__main__ import main
from router.serve.config.commands import schema_text
from router.serve.config.documentation import describe, reference
from router.serve.config.kinds import choices, is_settings, item_kind, optional, settings_of, value_kind
from router.serve.config.model import RouterConfig
from router.serve.config.printing import printed
from router.serve.traffic import Insert, SubgraphTraffic, TrafficConfig
from tests.router.serve.config.configured import configured


def fits(content: Any) -> bool:
    """Whether the schema takes it."""
    validator: Any = Draft202012Validator(json.loads(schema_text()))
    return validator.is_valid(content)


ROOT = Path(__file__).parents[4]


def kinds(kind: Any, seen: set[type]) -> Iterator[type]:
    """All dataclasses that a configuration is made of."""
    kind, _ = optional(kind)
    for inner in (choices(kind) or {}).values() or [item_kind(kind) or value_kind(kind)]:
        if inner is not None:
            yield from kinds(inner, seen)
    if is_settings(kind) and kind not in seen:
        seen.add(kind)
        yield kind
        for each in settings_of(kind).values():
            yield from kinds(each.kind, seen)


@pytest.mark.parametrize("kind", list(kinds(RouterConfig, set())), ids=lambda kind: kind.__name__)
def test_each_key_is_documented(kind: type) -> None:
    assert [name for name in settings_of(kind) if not describe(kind, name)] == []


def test_the_schema_in_the_repository_is_the_one_that_is_printed() -> None:
    assert (ROOT / "schema" / "router.schema.json").read_text() == schema_text(), (
        "run: python -m router config schema > schema/router.schema.json"
    )


def test_the_page_of_all_keys_is_the_one_that_is_printed() -> None:
    page = (ROOT / "docs" / "router" / "configuration.md").read_text()
    assert page.partition("<!-- keys -->\n")[2].rstrip() == reference(RouterConfig), (
        "run: python -m router config keys, and put what it prints under the mark in docs/router/configuration.md"
    )


def test_examples_in_the_page_are_configurations(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "router" / "configuration.md").read_text()
    examples: list[str] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert examples
    for example in examples:
        path = tmp_path / "router.yaml"
        path.write_text(example)
        names = re.findall(r"\$\{(\w+)\}", example)
        configured("--config", str(path), environment=dict.fromkeys(names, "redis://x"), supergraph=None)
        assert fits(yaml.safe_load(example))


def test_what_is_printed_can_be_read_again_and_fits_the_schema(tmp_path: Path) -> None:
    subgraphs = {"a": SubgraphTraffic(headers=(Insert("x", "y"),))}
    config = RouterConfig(
        configured().supergraph, traffic=TrafficConfig(headers=(Insert("a", "b"),), subgraphs=subgraphs)
    )
    text = printed(config)
    path = tmp_path / "router.yaml"
    path.write_text(text)
    found = configured("--config", str(path), supergraph=None)
    assert printed(found).replace(f"{tmp_path}/", "") == text
    assert fits(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    ["limits: {dept: 1}", "limits: {depth: many}", "http: {batch: -1}", "traffic: {headers: [{drop: {}}]}", "http: 1"],
)
def test_the_schema_refuses_what_is_refused(text: str) -> None:
    content = {"supergraph": {"file": "a"}, **yaml.safe_load(text)}
    assert not fits(content)


def test_keys_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "keys"]) == 0
    assert "`traffic.headers[].insert.name`" in capsys.readouterr().out
    assert main(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["properties"]["supergraph"]["description"]
