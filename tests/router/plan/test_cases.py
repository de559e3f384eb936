"""Operations and their plans, a topic a file: subgraphs, then cases, each with the plan as comments below it.

A file has sections, each opened by a comment: `# subgraph NAME`, `# case SENTENCE` and `# plan`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from graphql import parse

from router.compose import Composed, Subgraph, compose
from router.plan import Planner, PlanningError, defer_variables
from router.plan.printer import print_plan
from router.supergraph import Supergraph
from tests.router.harness import HEADER

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Case:
    """One operation of a topic and its plan, or the code of the error."""

    topic: str
    sentence: str
    operation: str
    plan: str


def sections(text: str) -> Iterator[tuple[str, str, str]]:
    """Kind, title and content of each section."""
    kind, title, lines = "", "", list[str]()
    for line in text.splitlines():
        words = line.split(" ", 2)
        if words[0] == "#" and len(words) > 1 and words[1] in {"subgraph", "case", "plan"} and kind != "plan":
            yield kind, title, "\n".join(lines)
            kind, title, lines = words[1], words[2] if len(words) > 2 else "", []
        elif kind == "plan" and not line.startswith("#"):
            yield kind, title, "\n".join(lines)
            kind, title, lines = "", "", []
        else:
            lines.append(line)
    yield kind, title, "\n".join(lines)


def cases_of(path: Path) -> Iterator[Case]:
    """The cases of one file."""
    sentence = operation = ""
    for kind, title, content in sections(path.read_text("utf-8")):
        if kind == "case":
            sentence, operation = title, content
        elif kind == "plan":
            plan = "\n".join(line[2:] for line in content.splitlines()) + "\n"
            yield Case(path.stem, sentence, operation, plan)


@cache
def planner(topic: str) -> Planner:
    """The planner over the topic's subgraphs."""
    text = (CASES / f"{topic}.graphql").read_text("utf-8")
    subgraphs = [
        Subgraph(title, f"http://{title}", content if "@link" in content else HEADER + content)
        for kind, title, content in sections(text)
        if kind == "subgraph"
    ]
    composed = compose(subgraphs)
    assert isinstance(composed, Composed), composed
    return Planner(Supergraph.from_sdl(composed.supergraph_sdl))


ALL = [case for path in sorted(CASES.glob("*.graphql")) for case in cases_of(path)]


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.topic}: {case.sentence}")
def test_plan(case: Case) -> None:
    assert printed(case) == case.plan


def printed(case: Case) -> str:
    """The plan as printed, or the code of why there is none."""
    try:
        document = parse(case.operation)
        return print_plan(planner(case.topic).plan(document, None, deferring=defer_variables(document)))
    except PlanningError as error:
        return f"{error.code}\n"
