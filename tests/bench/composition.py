"""`python -m tests.bench.composition`: what composing costs: a big graph, the gateway audit's sets, hostile inputs.

`STUDIUM_ORACLES` names a folder with the reference composers and `compose.mjs`, which Node runs, to have their times
for the big graph beside ours.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from router.compose import Composed, Refused, Subgraph, compose
from tests.bench.hostile import GRAPHS
from tests.conformance.composition.corpus import SHARED, audit

SUBGRAPHS = 50
ENTITIES = 30
"""Each subgraph's own; another subgraph adds fields to each."""
VALUES = 4
"""Each subgraph's value types; another subgraph has the same."""
_FIELDS = 9
_LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", '
    'import: ["@key", "@shareable", "@external", "@requires", "@provides", "@tag"])'
)


def big_graph(subgraphs: int = SUBGRAPHS) -> list[Subgraph]:
    """Subgraphs of 40 types and 400 fields of their own each: every kind of type, and the usual directives."""
    return [
        Subgraph(f"s{at}", f"http://s{at}", "\n\n".join([_LINK, *_definitions(at, subgraphs)]))
        for at in range(subgraphs)
    ]


def _definitions(at: int, subgraphs: int) -> Iterator[str]:
    before = (at - 1) % subgraphs
    yield (
        f"type Query {{\n  entity{at}(id: ID!): E{at}x0\n"
        f"  found{at}(filter: Filter{at}, first: Int = 20): [Found{at}!]\n}}"
    )
    for number in range(ENTITIES):
        yield _entity(at, number)
        yield _extension(at, before, number)
    for number in range(VALUES):
        yield _value(at, number)
        yield _value(before, number)
    yield _inputs_and_abstract(at)


def _entity(at: int, number: int) -> str:
    name = f"E{at}x{number}"
    fields = [
        f'  "What it is."\n  field{each}(first: Int = 10, after: String): {_type(at, number + each)}'
        for each in range(_FIELDS)
    ]
    head = f'"One of the things of subgraph {at}."\ntype {name} implements Node{at} @key(fields: "id")'
    return f'{head} {{\n  id: ID!\n  price: Int! @tag(name: "public")\n{chr(10).join(fields)}\n}}'


def _type(at: int, number: int) -> str:
    choices = ("String!", "Int", f"[E{at}x{number % ENTITIES}!]!", f"E{at}x{(number * 7) % ENTITIES}", f"Kind{at}")
    return choices[number % len(choices)] if number % 11 else f"V{at}x{number % VALUES}"


def _extension(at: int, owner: int, number: int) -> str:
    """What subgraph `at` adds to an entity of another."""
    return (
        f'type E{owner}x{number} @key(fields: "id") {{\n  id: ID!\n  price: Int! @external\n'
        f'  tax{at}: Int! @requires(fields: "price")\n  related{at}: E{at}x{number}\n}}'
    )


def _value(owner: int, number: int) -> str:
    fields = "\n".join(f"  part{each}: {'String' if each % 2 else 'Float!'}" for each in range(_FIELDS))
    return f"type V{owner}x{number} @shareable {{\n{fields}\n}}"


def _inputs_and_abstract(at: int) -> str:
    fields = "\n".join(f"  by{each}: [String!]" for each in range(_FIELDS))
    return (
        f"input Filter{at} {{\n{fields}\n  more: More{at} = {{by0: 1}}\n}}\n\n"
        f"input More{at} {{\n{fields.replace('[String!]', 'Int')}\n}}\n\n"
        f"interface Node{at} {{\n  id: ID!\n}}\n\nunion Found{at} = E{at}x0 | E{at}x1 | E{at}x2\n\n"
        f"enum Kind{at} {{\n  GOOD\n  BAD\n}}\n\nenum Mood{at} {{\n  CALM\n}}"
    )


def main() -> None:
    """Measure, and print a line a composer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subgraphs", type=int, default=SUBGRAPHS)
    graph = big_graph(parser.parse_args().subgraphs)
    size = sum(len(subgraph.sdl) for subgraph in graph)
    sys.stdout.write(f"{len(graph)} subgraphs, {size:,} characters of SDL\n")
    _measure(graph)
    _measure_others(graph, os.environ.get("STUDIUM_ORACLES"))
    _measure_audit()
    _measure_hostile()


def _measure(graph: Sequence[Subgraph]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    outcome = compose(graph)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _line("studium", f"{wall:.2f} s, {processor:.2f} s of CPU, peak {peak:.0f} MB, {_said(outcome)}")


def _said(outcome: Composed | Refused) -> str:
    if isinstance(outcome, Composed):
        return f"{len(outcome.supergraph_sdl):,} characters of supergraph"
    return ", ".join(sorted({error.code for error in outcome.errors}))


def _measure_audit() -> None:
    if not (SHARED / "audit").is_dir():
        _line("audit", "absent: the shared corpora are not beside the repository")
        return
    sets = audit().values()
    processor = time.process_time()
    composed = sum(isinstance(compose(subgraphs), Composed) for subgraphs in sets)
    _line("audit", f"{time.process_time() - processor:.2f} s of CPU, {composed} of {len(sets)} sets compose")


def _measure_hostile() -> None:
    for name, graph in GRAPHS.items():
        subgraphs = [Subgraph(each, f"http://{each}", sdl) for each, sdl in graph().items()]
        processor = time.process_time()
        outcome = compose(subgraphs)
        _line("hostile", f"{time.process_time() - processor:5.2f} s of CPU, {name}: {_said(outcome)}")


def _measure_others(graph: Sequence[Subgraph], folder: str | None) -> None:
    if folder is None or not (Path(folder) / "compose.mjs").is_file():
        _line("others", "absent: STUDIUM_ORACLES names no folder with compose.mjs")
        return
    subgraphs = [{"name": each.name, "url": each.url, "sdl": each.sdl} for each in graph]
    for tool in ("apollo", "guild"):
        request = json.dumps({"id": "big", "tool": tool, "subgraphs": subgraphs})
        done = subprocess.run(
            ["node", "compose.mjs"],  # noqa: S607 - as on the path
            cwd=folder,
            input=request + "\n",
            capture_output=True,
            text=True,
            check=False,
        )
        answers: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
        for answer in answers:
            _line(tool, f"{answer['ms'] / 1000:.2f} s, {'composed' if answer['ok'] else 'refused'}")
        if not answers:
            _line(tool, f"failed: {done.stderr.strip().splitlines()[-1:]}")


def _line(what: str, said: str) -> None:
    sys.stdout.write(f"{what:<8} {said}\n")


if __name__ == "__main__":
    main()
