"""The shared corpora of subgraphs, with what the reference composers answer."""

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from router.compose import Subgraph

SHARED = Path(__file__).parents[4] / "shared" / "conformance"
"""Beside the repository, where it is checked out along with the shared data."""


@dataclass(frozen=True)
class Answer:
    """What a composer says of a set."""

    ok: bool
    codes: frozenset[str]
    hints: frozenset[str]
    supergraph: str | None


@dataclass(frozen=True)
class Case:
    """A set of subgraphs."""

    id: str
    test: str
    subgraphs: tuple[Subgraph, ...]
    reference: Answer
    """By @apollo/composition."""


def cases(*, every: int = 1) -> Iterator[Case]:
    """The sets of all corpora, or each `every`-th of them."""
    at = 0
    for path in sorted((SHARED / "composition").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if at % every == 0:
                    found: Mapping[str, Any] = json.loads(line)
                    if "apollo" in found["answers"]:
                        yield _case(found)
                at += 1


def audit() -> Mapping[str, tuple[Subgraph, ...]]:
    """The subgraphs of each suite of the gateway audit."""
    suites: Mapping[str, Any] = json.loads((SHARED / "audit" / "suites.json").read_text("utf-8"))
    return {name: _subgraphs(suite) for name, suite in suites.items()}


def _case(found: Mapping[str, Any]) -> Case:
    answer = found["answers"]["apollo"]
    return Case(
        found["id"],
        str(found.get("test")),
        _subgraphs(found),
        Answer(
            answer["ok"],
            frozenset(str(error["code"]) for error in answer["errors"]),
            frozenset(str(hint["code"]) for hint in answer["hints"]),
            answer.get("sortedSupergraph"),
        ),
    )


def _subgraphs(found: Mapping[str, Any]) -> tuple[Subgraph, ...]:
    return tuple(Subgraph(each["name"], each.get("url") or "", each["sdl"]) for each in found["subgraphs"])
