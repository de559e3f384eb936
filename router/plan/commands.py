"""The planner's stages on the command line: `normalize`, `graph` and `plan`."""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, cast

from graphql import DocumentNode, GraphQLError, parse, validate

from router.plan.conditions import When
from router.plan.errors import PlanningError
from router.plan.nodes import Each, Key, OnTypes, QueryPlan
from router.plan.normalize import normalize
from router.plan.normalize.defer import defer_variables
from router.plan.planner import Planner
from router.plan.printer import print_path, print_plan
from router.plan.selections import Selection
from router.supergraph import Supergraph, SupergraphError
from router.supergraph.api_schema import with_defer
from router.supergraph.graph import QueryGraph
from router.supergraph.model import TypeInfo


class Subparsers(Protocol):
    """What argparse's `add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...


def add_commands(subparsers: Subparsers) -> None:
    """Mount the commands; each sets `run`, which takes the parsed arguments and returns the exit status."""
    for name, run, help_ in (
        ("normalize", _normalize, "show an operation as the planner reads it"),
        ("plan", _plan, "show which requests answer an operation"),
        ("graph", _graph, "show what each subgraph resolves, and how its types are entered"),
    ):
        parser = subparsers.add_parser(name, help=help_)
        parser.add_argument("--supergraph", type=Path, required=True, help="file of the composed supergraph")
        parser.add_argument("--operation", type=Path, required=name != "graph", help="file of the operation")
        parser.add_argument("--operation-name", help="which operation of the file")
        if name != "normalize":
            parser.add_argument(
                "--label", action="append", default=[], help="a label of @override that holds; may be repeated"
            )
        parser.add_argument("--format", choices=("text", "json"), default="text")
        if name == "plan":
            parser.add_argument(
                "--defer", action="store_true", help="plan for a client that takes what is deferred later"
            )
        parser.set_defaults(run=_guarded(run))


def _guarded(run: "Command") -> "Command":
    def guarded(arguments: argparse.Namespace) -> int:
        try:
            return run(arguments)
        except (OSError, UnicodeDecodeError, SupergraphError, PlanningError, GraphQLError) as error:
            sys.stderr.write(f"{error}\n")
            return 1
        except RecursionError:
            sys.stderr.write("The operation is nested too deeply.\n")
            return 1

    return guarded


class Command(Protocol):
    """One command."""

    def __call__(self, arguments: argparse.Namespace, /) -> int: ...


def _plan(arguments: argparse.Namespace) -> int:
    supergraph = _supergraph(arguments)
    document = _document(arguments, supergraph)
    labels = frozenset[str](arguments.label)
    deferring = defer_variables(document) if arguments.defer else None
    plan = Planner(supergraph).plan(document, arguments.operation_name, labels, deferring)
    _write(_plan_as_json(plan) if arguments.format == "json" else print_plan(plan))
    return 0


def _normalize(arguments: argparse.Namespace) -> int:
    supergraph = _supergraph(arguments)
    operation = normalize(supergraph, _document(arguments, supergraph), arguments.operation_name)
    if arguments.format == "json":
        _write(_as_json(_selection_value(operation.selection)))
    else:
        _write("\n".join([operation.kind.value, *selection_lines(operation.selection, 1)]) + "\n")
    return 0


def _graph(arguments: argparse.Namespace) -> int:
    supergraph = _supergraph(arguments)
    graph = QueryGraph(supergraph, frozenset(arguments.label))
    types = list(supergraph.types.values())
    if arguments.operation is not None:
        operation = normalize(supergraph, _document(arguments, supergraph), arguments.operation_name)
        touched = set(_types_in(operation.selection))
        types = [each for each in types if each.name in touched]
    lines = sorted({*_field_lines(types, graph), *_entry_lines(types, graph)})
    _write(_as_json(lines) if arguments.format == "json" else "\n".join(lines) + "\n")
    return 0


def _supergraph(arguments: argparse.Namespace) -> Supergraph:
    return Supergraph.from_sdl(arguments.supergraph.read_text("utf-8"))


def _document(arguments: argparse.Namespace, supergraph: Supergraph) -> DocumentNode:
    """The operation's file, valid for the public schema with `@defer`.

    Raises:
        GraphQLError: it is not.
    """
    document = parse(arguments.operation.read_text("utf-8"))
    for error in validate(with_defer(supergraph.api_schema), document):
        raise error
    return document


def _write(text: str) -> None:
    sys.stdout.write(text)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _plan_as_json(plan: QueryPlan) -> str:
    shown: dict[str, Any] = {"kind": plan.kind.value, "fetches": [_value(each) for each in plan.fetches]}
    if plan.deferred:
        shown["fragments"] = [_value(each) for each in plan.fragments]
        shown["deferred"] = [_value(each) for each in plan.deferred]
    return _as_json(shown)


def _value(value: Any) -> Any:
    """Plain JSON of a plan's parts; paths as they are printed."""
    match value:
        case Key() | OnTypes() | Each():
            return print_path((value,))
        case Enum():
            return value.value
        case set() | frozenset():
            return sorted(cast("Iterable[Any]", value))
        case list() | tuple():
            return [_value(each) for each in cast("Iterable[Any]", value)]
        case _:
            return _fields(value) if is_dataclass(value) and not isinstance(value, type) else value


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: _value(getattr(value, each.name)) for each in fields(value)}


def _selection_value(selection: Selection) -> list[Any]:
    return [
        {
            "key": each.key,
            "field": each.name,
            "arguments": each.signature,
            "on": None if each.on is None else sorted(each.on),
            "when": _when(each.when),
            "internal": each.internal,
            "selections": [] if each.selection is None else _selection_value(each.selection),
        }
        for each in selection.fields
    ]


def selection_lines(selection: Selection, depth: int) -> list[str]:
    """A normalised selection, a field a line, indented."""
    lines: list[str] = []
    for each in selection.fields:
        text = each.name if each.key == each.name else f"{each.key}: {each.name}"
        text += f"({each.signature})" if each.signature else ""
        text += "" if each.on is None else f" on {'|'.join(sorted(each.on))}"
        text += f" when {_when(each.when)}" if each.when else ""
        text += " (for a context)" if each.internal else ""
        lines.append("  " * depth + text)
        lines += [] if each.selection is None else selection_lines(each.selection, depth + 1)
    return lines


def _when(when: When) -> str:
    return " or ".join(" and ".join(f"{'' if c.value else 'not '}${c.variable}" for c in each) for each in when)


def _types_in(selection: Selection) -> Iterable[str]:
    """The types of all objects that are selected of, the abstract ones and those they may be."""
    yield from (selection.type_name, *selection.possible)
    for each in selection.fields:
        if each.selection is not None:
            yield from _types_in(each.selection)


def _field_lines(types: Iterable[TypeInfo], graph: QueryGraph) -> Iterable[str]:
    for info in types:
        for subgraph in info.joins if info.is_composite else ():
            node = graph.node(subgraph, info.name)
            for name in info.fields:
                edge = node.edge(name)
                if edge is not None:
                    requires = "" if edge.requires is None else f" requires {{ {edge.requires} }}"
                    contexts = "".join(f" with {each.name} from {each.context}" for each in edge.contexts)
                    yield f"{node} .{name}: {edge.type}{requires}{contexts}"


def _entry_lines(types: Iterable[TypeInfo], graph: QueryGraph) -> Iterable[str]:
    for info in types:
        for entry in graph.entries(info.name) if info.is_composite else ():
            key = "" if entry.key is None else f" by {{ {entry.key} }}"
            yield f"{info.name} -> {entry.target}{key}"
