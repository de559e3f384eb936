"""`python -m router compose`."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from router.compose.config import ConfigError, read_config
from router.compose.contracts import Contract, Variant, apply_contract
from router.compose.limits import DEFAULT, Limits
from router.compose.output import write_files
from router.compose.pipeline import Composed, Refused, compose
from router.compose.subgraph import Subgraph
from router.federation.errors import CompositionError, FederationError
from router.supergraph import api_sdl

_MOST = 1_000  # times the usual limits


class Subparsers(Protocol):
    """What argparse's `add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...


def add_commands(subparsers: Subparsers) -> None:
    """Add `compose`."""
    parser = subparsers.add_parser("compose", help="compose subgraphs into a supergraph")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--config", type=Path, metavar="FILE", help="supergraph.yaml, in Rover's format")
    source.add_argument("--jsonl", action="store_true", help="compose a set a line, from standard input")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the supergraph here, not to standard output")
    parser.add_argument("--api-schema", type=Path, metavar="FILE", help="write what clients see of it here")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of errors and hints")
    add_subgraph_option(parser)
    add_limits_option(parser)
    contract = parser.add_argument_group("contract", "compose a variant that shows a part of the supergraph")
    contract.add_argument(
        "--include", type=_tags, default=frozenset[str](), metavar="TAGS", help="show these tags only"
    )
    contract.add_argument("--exclude", type=_tags, default=frozenset[str](), metavar="TAGS", help="hide these tags")
    contract.add_argument("--hide-unreachable", action="store_true", help="hide types that no visible field leads to")
    parser.set_defaults(run=_run)


def add_subgraph_option(parser: argparse.ArgumentParser) -> None:
    """Add `--subgraph`, which puts a file in the place of what the configuration says."""
    parser.add_argument(
        "--subgraph",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="read this subgraph's SDL from FILE instead",
    )


def add_limits_option(parser: argparse.ArgumentParser) -> None:
    """Add `--limits`, which lets bigger graphs be composed."""
    parser.add_argument(
        "--limits",
        type=_times_default,
        default=DEFAULT,
        metavar="FACTOR",
        help="how many times as big a graph as usual may be, and as long to compose; a whole number",
    )


def _times_default(text: str) -> Limits:
    if not text.isdecimal() or not 0 < int(text) <= _MOST:
        message = f"a whole number from 1 to {_MOST:,} is wanted"
        raise argparse.ArgumentTypeError(message)
    return DEFAULT.times(int(text))


def replacements(arguments: argparse.Namespace) -> Mapping[str, Path]:
    """What `--subgraph` says, file by name.

    Raises:
        ConfigError: it is no pair.

    """
    found: dict[str, Path] = {}
    for pair in cast("Sequence[str]", arguments.subgraph):
        name, separator, file = pair.partition("=")
        if not separator:
            raise ConfigError(f'--subgraph must be NAME=FILE, and is "{pair}".')
        found[name] = Path(file)
    return found


def _tags(text: str) -> frozenset[str]:
    return frozenset(tag.strip() for tag in text.split(",") if tag.strip())


def _run(arguments: argparse.Namespace) -> int:
    try:
        return _compose_lines(arguments.limits) if arguments.jsonl else _compose_config(arguments)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _compose_config(arguments: argparse.Namespace) -> int:
    outcome = _outcome(arguments)
    if arguments.format == "json":
        sys.stderr.write(json.dumps(_as_json(outcome), indent=2) + "\n")
    else:
        found = outcome.errors if isinstance(outcome, Refused) else outcome.hints
        sys.stderr.write("".join(f"{each}\n" for each in found))
        if isinstance(outcome, Refused) and outcome.untold:
            sys.stderr.write(f"and at least {outcome.untold:,} more errors\n")
    if isinstance(outcome, Refused):
        return 1
    _write(outcome.supergraph_sdl, arguments)
    return 0


def _write(supergraph_sdl: str, arguments: argparse.Namespace) -> None:
    files: list[tuple[Path, str]] = []
    if arguments.api_schema is not None:
        files.append((arguments.api_schema, api_sdl(supergraph_sdl)))
    if arguments.output is not None:
        files.append((arguments.output, supergraph_sdl))
    write_files(files)
    if arguments.output is None:
        sys.stdout.write(supergraph_sdl)


def _outcome(arguments: argparse.Namespace) -> Composed | Refused:
    try:
        subgraphs = read_config(arguments.config, replacements(arguments))
    except FederationError as refused:
        return Refused(refused.errors)
    contract = Contract(arguments.include, arguments.exclude, arguments.hide_unreachable)
    outcome = compose(subgraphs, limits=arguments.limits)
    if contract == Contract() or isinstance(outcome, Refused):
        return outcome
    variant = apply_contract(outcome.supergraph_sdl, contract)
    return Composed(variant.supergraph_sdl, outcome.hints) if isinstance(variant, Variant) else variant


def _compose_lines(limits: Limits) -> int:
    """Answer each line of standard input by a line of standard output; 1 if one of them was no set of subgraphs."""
    status = 0
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            id_, subgraphs = _set_of(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            answer, status = _no_set(number, error), 1
        else:
            answer = {"id": id_, **_as_json(compose(subgraphs, limits=limits))}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return status


def _set_of(line: bytes) -> tuple[Any, list[Subgraph]]:
    request: Any = json.loads(line)
    given = cast("Sequence[Mapping[str, Any]]", request["subgraphs"])
    subgraphs = [Subgraph(_text(each["name"]), _text(each.get("url") or ""), _text(each["sdl"])) for each in given]
    return request.get("id"), subgraphs


def _no_set(number: int, error: Exception) -> Mapping[str, Any]:
    """The answer to a line that cannot be read; those behind it have theirs all the same."""
    message = f"Line {number} is not of the form {{id, subgraphs: [{{name, url, sdl}}]}}: {error!r:.200}"
    told = {"code": "INVALID_INPUT", "message": message, "subgraph": None, "locations": list[Any]()}
    return {"id": None, "ok": False, "supergraphSdl": None, "errors": [told], "hints": list[Any]()}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.50} is no string")
    return value


def _as_json(outcome: Composed | Refused) -> Mapping[str, Any]:
    refused = isinstance(outcome, Refused)
    more = {"moreErrors": outcome.untold} if refused and outcome.untold else {}
    return {
        "ok": not refused,
        "supergraphSdl": None if refused else outcome.supergraph_sdl,
        "errors": [_error(error) for error in outcome.errors] if refused else [],
        "hints": [] if refused else [{"code": hint.code, "message": hint.message} for hint in outcome.hints],
        **more,
    }


def _error(error: CompositionError) -> Mapping[str, Any]:
    places = [{"subgraph": at.subgraph, "line": at.line, "column": at.column} for at in error.locations]
    return {"code": error.code, "message": error.message, "subgraph": error.subgraph, "locations": places}
